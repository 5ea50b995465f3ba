package mesh.proxy.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import mesh.model.BreakerFailure;
import mesh.proxy.http.ClientConnection;
import mesh.proxy.http.Fields;
import mesh.proxy.http.HttpVersion;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.http.UpstreamHandler;
import mesh.proxy.http.UpstreamStream;
import mesh.proxy.loop.ProxyLoop;
import mesh.proxy.outcome.Failure;
import mesh.proxy.tracing.TrySpan;
import mesh.proxy.upstream.ConnectSettings;
import mesh.proxy.upstream.ConnectionPool;
import mesh.proxy.upstream.Destination;
import mesh.proxy.upstream.UpstreamCluster;

/**
 * One try of one request at one upstream: from the breaker's permit to its end. What it hears it tells its owner, who hears nothing more
 * of it once it has been given up. On the owner's loop only.
 */
final class Attempt implements UpstreamHandler, ConnectionPool.Waiter {

    /** Whom it is made for. What it calls stands in the order in which it is called. */
    interface Owner {

        boolean isGrpc();

        /** Elapsed time on this loop. */
        long now();

        /** There is a connection: the request is to be sent. */
        void onConnected(Attempt on);

        void onInformational(Attempt from, ResponseHead head);

        void onHead(Attempt from, ResponseHead head, boolean end);

        /** A part of the answer's body; the callee owns it. */
        void onResponseBody(ByteBuf data);

        void onResponseEnd(Fields trailers);

        void onUpstreamWritable();

        /** @param detail for the log; may be empty */
        void onAttemptFailed(Attempt failed, Failure failure, boolean unprocessed, String detail);
    }

    private static final int SWITCHING = 101;
    private static final int TOO_MANY_REQUESTS = 429;

    private final Owner owner;
    private final Destination destination;
    private final long permit;
    private final ConnectionPool pool;
    private final ConnectSettings settings;
    /** Null where nobody records it. */
    private TrySpan span;
    private UpstreamStream stream;
    /** Only where the time to its answer is asked for, and until it is told. */
    private boolean timed;
    private long begun;
    private int status;
    private int grpcStatus = Grpc.OK;
    private boolean ended;

    /** @param permit of the destination's breaker */
    Attempt(Owner owner, Destination destination, long permit, ClientSession session, HttpVersion version) {
        this.owner = owner;
        this.destination = destination;
        this.permit = permit;
        boolean shared = ClientPools.shares(destination);
        this.settings = shared ? destination.settings() : session.pools().settings(destination);
        this.pool = shared ? destination.upstream().pool(session.loop(), version) : session.pools().of(destination, version);
    }

    /** Which HTTP a request is sent by. @param client what it came by */
    static HttpVersion version(UpstreamCluster cluster, Destination to, RequestHead request, HttpVersion client, boolean grpc) {
        if (request.isUpgrade()) return HttpVersion.HTTP_1;
        return switch (cluster.model().connections().protocol()) {
            case DOWNSTREAM -> to.upstream().version(client, grpc);
            case HTTP1 -> HttpVersion.HTTP_1;
            case HTTP2 -> HttpVersion.HTTP_2;
        };
    }

    void begin(boolean onFreshConnection) {
        destination.upstream().begin();
        timed = destination.isTimed();
        if (timed) begun = owner.now();
        pool.acquire(settings, onFreshConnection, this);
    }

    /** Before it begins. */
    void record(TrySpan as) {
        span = as;
    }

    /** Null where nobody records it. */
    TrySpan span() {
        return span;
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
        if (span != null) {
            if (why == Failure.DOWNSTREAM_RESET) span.cancelled();
            else span.failed(why);
        }
        boolean tooLate = why.side() == Failure.Side.UPSTREAM || (why == Failure.REQUEST_TIMEOUT || why == Failure.STREAM_TOO_LONG) && status == 0;
        if (tooLate) failed(BreakerFailure.TIMEOUT);
        else ignored();
        cancel(why);
    }

    /** Its answer is not wanted, for another try is to be made; what it has said so far counts. */
    void drop() {
        if (ended) return;
        answered();
        cancel(Failure.UPSTREAM_RESET);
    }

    /** Another was quicker. That this one takes as long as it has taken is known, and not whether it would have been good. */
    void lose() {
        if (ended) return;
        if (timed && owner.now() - begun > destination.latency()) tellTime();
        if (span != null) span.cancelled();
        ignored();
        cancel(Failure.DOWNSTREAM_RESET);
    }

    /** Whether its answer says that the upstream could not. */
    boolean isBad() {
        return status >= 500 || status == TOO_MANY_REQUESTS;
    }

    private void cancel(Failure why) {
        if (stream == null) pool.cancel(this);
        else stream.cancel(why);
    }

    @Override
    public void onConnection(ClientConnection connection) {
        stream = connection.open(this);
        owner.onConnected(this);
    }

    @Override
    public void onNoConnection(Failure failure, String detail) {
        if (span != null) span.failed(failure);
        // What our own limits forbid says nothing about the upstream.
        if (failure == Failure.OVERFLOW) ignored();
        else failed(BreakerFailure.CONNECT_FAILURE);
        owner.onAttemptFailed(this, failure, true, detail);
    }

    @Override
    public void onInformational(ResponseHead head) {
        owner.onInformational(this, head);
    }

    @Override
    public void onHead(ResponseHead head, boolean end) {
        status = head.status();
        boolean grpc = owner.isGrpc();
        if (end && grpc) grpcStatus = grpcStatus(head);
        // The head of a gRPC answer does not tell yet whether it is a good one; its first message does.
        if (timed && (end || !grpc)) tellTime();
        if (end) answered();
        owner.onHead(this, head, end);
    }

    @Override
    public void onBody(ByteBuf data) {
        if (timed) tellTime();
        owner.onResponseBody(data);
    }

    @Override
    public void onEnd(Fields trailers) {
        if (owner.isGrpc() && trailers != null) grpcStatus = grpcStatus(trailers);
        if (timed) tellTime();
        answered();
        owner.onResponseEnd(trailers);
    }

    @Override
    public void onWritable() {
        owner.onUpstreamWritable();
    }

    @Override
    public void onFailure(Failure failure, boolean unprocessed) {
        if (span != null) span.failed(failure);
        // A kept connection that is closed when it is used again is in order, and so is one that has served its number of requests.
        if (failure.retry() == Failure.Retry.REUSED) ignored();
        else failed(BreakerFailure.RESET);
        owner.onAttemptFailed(this, failure, unprocessed, "");
    }

    /** The connection becomes a tunnel, in flight until it ends. */
    Channel takeOver() {
        ended = true;
        if (span != null) span.end(owner.now(), SWITCHING, Grpc.OK);
        destination.succeeded(permit);
        return stream.takeOver();
    }

    void tunnelEnded() {
        destination.upstream().end();
    }

    // How it ends, which is told once.

    private void answered() {
        if (!end()) return;
        BreakerFailure bad = status >= 500 ? BreakerFailure.FIVE_XX : BreakerFailure.ofGrpc(grpcStatus);
        if (bad == null) destination.succeeded(permit);
        else destination.failed(permit, bad, status);
    }

    private void failed(BreakerFailure how) {
        if (!end()) return;
        if (timed && status == 0) destination.answered(owner.now() - begun, true);
        destination.failed(permit, how, status);
    }

    private void ignored() {
        if (end()) destination.ignored(permit);
    }

    private boolean end() {
        if (ended) return false;
        ended = true;
        if (span != null) span.end(owner.now(), status, grpcStatus);
        destination.upstream().end();
        return true;
    }

    /** Too many requests is what one says that has no room, and quickly; so is gRPC's RESOURCE_EXHAUSTED. */
    private void tellTime() {
        BreakerFailure bad = BreakerFailure.ofGrpc(grpcStatus);
        boolean failed = isBad()
            || bad == BreakerFailure.RESOURCE_EXHAUSTED || bad != null && BreakerFailure.DEFAULT.contains(bad);
        destination.answered(owner.now() - begun, failed);
        timed = false;
    }

    /** What is not asked for is not read. */
    private int grpcStatus(Fields trailers) {
        return destination.isJudged() || span != null ? Grpc.status(trailers) : Grpc.OK;
    }
}
