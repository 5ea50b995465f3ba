package mesh.proxy.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import mesh.proxy.outcome.Failure;

/**
 * One request on its way to an upstream. All calls on the connection's event loop, which is also the downstream's. Ends by itself when
 * request and response are complete; {@link #cancel} ends it before.
 */
public interface UpstreamStream {

    /**
     * Sends the request's head. The codec adds what its protocol needs for framing.
     *
     * @param end no body follows
     */
    void sendHead(RequestHead head, boolean end);

    /** Sends a part of the body; takes ownership. */
    void sendBody(ByteBuf data);

    /**
     * Ends the request.
     *
     * @param trailers null for none
     */
    void sendEnd(Fields trailers);

    /** Pushes out what was sent. */
    void flush();

    /** Gives the request up: an HTTP/1.1 connection is closed, an HTTP/2 stream is reset. The handler hears nothing more. */
    void cancel(Failure why);

    /** Whether the connection takes more body without growing its buffers; {@link UpstreamHandler#onWritable} tells when it does again. */
    boolean isWritable();

    /** Stops or resumes delivery of the response's body. Initially reading. */
    void setReading(boolean reading);

    /** After a 101: gives the connection away for a splice, as {@link DownstreamStream#takeOver}. */
    Channel takeOver();
}
