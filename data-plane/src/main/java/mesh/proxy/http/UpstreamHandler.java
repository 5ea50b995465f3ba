package mesh.proxy.http;

import io.netty.buffer.ByteBuf;
import mesh.proxy.outcome.Failure;

/** What happens to one attempt on its upstream side. On the connection's event loop. */
public interface UpstreamHandler {

    /** A 1xx head, 101 excepted. Valid during the call. */
    void onInformational(ResponseHead head);

    /**
     * The final head, or a 101.
     *
     * @param head valid and changeable until the stream ends
     * @param end  no body follows
     */
    void onHead(ResponseHead head, boolean end);

    /** A part of the response's body; the callee owns it. */
    void onBody(ByteBuf data);

    /**
     * The response is complete. Not called when its head came with {@code end}.
     *
     * @param trailers null for none
     */
    void onEnd(Fields trailers);

    /** The codec is writable again. */
    void onWritable();

    /**
     * The response will not be completed; the stream has ended.
     *
     * @param failure     why
     * @param unprocessed the upstream provably did nothing: no byte of the request was written, or it said so (REFUSED_STREAM, GOAWAY)
     */
    void onFailure(Failure failure, boolean unprocessed);
}
