package mesh.proxy.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import mesh.proxy.outcome.Failure;

/**
 * One request as the downstream codec holds it, and the way its answer goes back: an HTTP/1.1 connection's current request, or one
 * HTTP/2 stream. All calls on the channel's event loop. Exactly one of {@link #sendEnd} (or a head with {@code end}), {@link #abort}
 * and {@link #takeOver} ends it; nothing may be called after.
 */
public interface DownstreamStream {

    /** The request's head; valid and changeable until the stream ends. */
    RequestHead head();

    /** What the client speaks. */
    HttpVersion version();

    /** The connection: for its event loop, its addresses and its TLS peer. Not to be written to, but for {@link #takeOver}. */
    Channel channel();

    /** Sends a 1xx head (never 101). */
    void sendInformational(ResponseHead head);

    /**
     * Sends the final head. The codec adds what its protocol needs for framing ({@code transfer-encoding}, {@code connection: close}).
     *
     * @param end no body follows
     */
    void sendHead(ResponseHead head, boolean end);

    /** Sends a part of the body; takes ownership. Written now, flushed with {@link #flush} or by the codec at the end of a read batch. */
    void sendBody(ByteBuf data);

    /**
     * Ends the answer.
     *
     * @param trailers null for none; dropped where the protocol or the client has no use for them
     */
    void sendEnd(Fields trailers);

    /** Pushes out what was sent. */
    void flush();

    /** Ends the request so that the client sees a failure and no clean end: a closed connection without the final chunk, or a RST_STREAM. */
    void abort(Failure why);

    /** Whether the connection takes more body without growing its buffers; {@link DownstreamHandler#onWritable} tells when it does again. */
    boolean isWritable();

    /** Stops or resumes delivery of the request's body. Initially reading. */
    void setReading(boolean reading);

    /**
     * Gives the connection away for a splice, after {@code head} (a 101) has been written. The codec has left the pipeline when this
     * returns; bytes it had read ahead are fired through the channel's pipeline after the caller has added its handler and calls
     * {@link Channel#read} again.
     *
     * @return the connection, with auto-read off
     */
    Channel takeOver(ResponseHead head);
}
