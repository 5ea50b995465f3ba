package mesh.proxy.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import mesh.proxy.http.ClientConnection;
import mesh.proxy.http.Fields;
import mesh.proxy.http.HttpVersion;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.http.UpstreamHandler;
import mesh.proxy.http.UpstreamStream;
import mesh.proxy.loop.ProxyLoop;
import mesh.proxy.outcome.Failure;
import mesh.proxy.upstream.ConnectionPool;
import mesh.proxy.upstream.Destination;

/**
 * One try of one request at one upstream: from the breaker's permit to its end. What it hears it tells its exchange, which hears nothing
 * more of it once it has been given up. On the exchange's loop only.
 */
final class Attempt implements UpstreamHandler, ConnectionPool.Waiter {

    /** What an end says about the upstream. */
    private enum Verdict { SUCCEEDED, FAILED, NONE }

    private final Exchange exchange;
    private final Destination destination;
    private final long permit;
    private final ConnectionPool pool;
    private UpstreamStream stream;
    private long begun;
    private int status;
    private boolean ended;

    /** @param permit of the destination's breaker */
    Attempt(Exchange exchange, Destination destination, long permit, ProxyLoop loop, HttpVersion version) {
        this.exchange = exchange;
        this.destination = destination;
        this.permit = permit;
        this.pool = destination.upstream().pool(loop, version);
    }

    void begin(boolean onFreshConnection) {
        destination.upstream().begin();
        begun = exchange.now();
        pool.acquire(destination.settings(), onFreshConnection, this);
    }

    Destination destination() {
        return destination;
    }

    /** The way to the upstream, or null before there is a connection. */
    UpstreamStream stream() {
        return stream;
    }

    /** Gives the try up. That counts against the upstream only where it is to blame. */
    void giveUp(Failure why) {
        if (ended) return;
        boolean tooLate = why.side() == Failure.Side.UPSTREAM || why == Failure.REQUEST_TIMEOUT && status == 0;
        end(tooLate ? Verdict.FAILED : Verdict.NONE);
        if (stream == null) pool.cancel(this);
        else stream.cancel(why);
    }

    /** Its answer is not wanted, for another try is to be made; what it has said so far counts. */
    void drop() {
        if (ended) return;
        end(verdict());
        stream.cancel(Failure.UPSTREAM_RESET);
    }

    @Override
    public void onConnection(ClientConnection connection) {
        stream = connection.open(this);
        exchange.onConnected(this);
    }

    @Override
    public void onNoConnection(Failure failure, String detail) {
        // What our own limits forbid says nothing about the upstream.
        end(failure == Failure.OVERFLOW ? Verdict.NONE : Verdict.FAILED);
        exchange.onAttemptFailed(this, failure, true, detail);
    }

    @Override
    public void onInformational(ResponseHead head) {
        exchange.onInformational(head);
    }

    @Override
    public void onHead(ResponseHead head, boolean end) {
        status = head.status();
        // Too many requests is what one says that has no room, and quickly.
        destination.answered(exchange.now() - begun, status >= 500 || status == 429);
        if (end) end(verdict());
        exchange.onHead(this, head, end);
    }

    @Override
    public void onBody(ByteBuf data) {
        exchange.onResponseBody(data);
    }

    @Override
    public void onEnd(Fields trailers) {
        end(verdict());
        exchange.onResponseEnd(trailers);
    }

    @Override
    public void onWritable() {
        exchange.onUpstreamWritable();
    }

    @Override
    public void onFailure(Failure failure, boolean unprocessed) {
        // A kept connection that is closed when it is used again is in order, and so is one that has served its number of requests.
        end(failure.retry() == Failure.Retry.REUSED ? Verdict.NONE : Verdict.FAILED);
        exchange.onAttemptFailed(this, failure, unprocessed, "");
    }

    /** The connection becomes a tunnel, in flight until it ends. */
    Channel takeOver() {
        ended = true;
        destination.succeeded(permit);
        return stream.takeOver();
    }

    void tunnelEnded() {
        destination.upstream().end();
    }

    private Verdict verdict() {
        return status >= 500 ? Verdict.FAILED : Verdict.SUCCEEDED;
    }

    private void end(Verdict verdict) {
        if (ended) return;
        ended = true;
        destination.upstream().end();
        if (verdict == Verdict.FAILED && status == 0) destination.answered(exchange.now() - begun, true);
        switch (verdict) {
            case SUCCEEDED -> destination.succeeded(permit);
            case FAILED -> destination.failed(permit);
            case NONE -> destination.ignored(permit);
        }
    }
}
