package mesh.proxy.http;

import io.netty.buffer.ByteBuf;
import mesh.proxy.outcome.Failure;

/** What happens to one request on its downstream side; an {@code Exchange} is one. On the channel's event loop. */
public interface DownstreamHandler {

    /** A part of the request's body; the callee owns it. */
    void onBody(ByteBuf data);

    /**
     * The request is complete. Not called when its head came with {@code end}.
     *
     * @param trailers null for none
     */
    void onEnd(Fields trailers);

    /** The codec is writable again. */
    void onWritable();

    /**
     * The request will not be completed: the client went away or broke the protocol. When {@code answerable}, an answer may still be
     * sent (a 400 for a broken chunk, say); otherwise the stream has ended.
     */
    void onFailure(Failure failure, boolean answerable);

    /** Makes the handler of each request. */
    @FunctionalInterface
    interface Factory {

        /**
         * A request's head is complete.
         *
         * @param stream the way back
         * @param end    no body follows
         */
        DownstreamHandler begin(DownstreamStream stream, boolean end);

        /** Whether another stream may begin beside those of its connection. @param now as the loop tells it */
        default boolean takesStreams(long now) {
            return true;
        }
    }
}
