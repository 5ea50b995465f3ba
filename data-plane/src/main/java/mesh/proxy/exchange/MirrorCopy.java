package mesh.proxy.exchange;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.List;
import mesh.proxy.balancer.Balancer;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;
import mesh.proxy.http.HttpVersion;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.http.UpstreamStream;
import mesh.proxy.loop.TimerWheel;
import mesh.proxy.outcome.Failure;
import mesh.proxy.runtime.RouteMirror;
import mesh.proxy.upstream.ClusterLoad;
import mesh.proxy.upstream.Destination;
import mesh.proxy.upstream.UpstreamCluster;

/**
 * A copy of a request, sent as a whole to a cluster that mirrors it: one try, whose answer is read and thrown away. It belongs to nobody: the
 * exchange it was copied from has forgotten it, and may be over before. On its loop only.
 */
final class MirrorCopy extends TimerWheel.Timeout implements Attempt.Owner {

    private final ClientSession session;
    private final UpstreamCluster cluster;
    private final RequestHead head;
    /** Ours to release, until they are sent. */
    private final ArrayDeque<ByteBuf> body;
    private final Fields trailers;
    private final boolean grpc;
    private final long limitNanos;
    private Attempt attempt;
    private int status;
    private boolean over;

    /**
     * @param head     changeable, and nobody else's
     * @param body     is owned from now on
     * @param trailers null for none
     */
    MirrorCopy(ClientSession session, RouteMirror mirror, RequestHead head, ArrayDeque<ByteBuf> body, Fields trailers) {
        this.session = session;
        this.cluster = mirror.cluster();
        this.limitNanos = mirror.nanos();
        this.head = head;
        this.body = body;
        this.trailers = trailers;
        this.grpc = Grpc.isGrpc(head);
    }

    /** The head of a copy, told from the original's by its Host, as Envoy does. */
    static RequestHead shadow(RequestHead original) {
        RequestHead head = original.copy();
        // It comes with its body, and nobody has yet tried anything else.
        head.remove(FieldName.EXPECT);
        head.remove(FieldName.X_ENVOY_ATTEMPT_COUNT);
        String host = head.authority();
        int colon = host.lastIndexOf(':');
        // An address in brackets has no name to be changed.
        if (host.isEmpty() || host.startsWith("[")) return head;
        head.setAuthority(colon < 0 ? host + "-shadow" : host.substring(0, colon) + "-shadow" + host.substring(colon));
        return head;
    }

    static Fields copy(Fields trailers) {
        if (trailers == null) return null;
        Fields copy = new Fields();
        copy.copyFrom(trailers);
        return copy;
    }

    /** @param client what the original came by */
    void send(HttpVersion client) {
        ClusterLoad load = cluster.load();
        if (!load.tryCopy(cluster.model().connections().maxRequests())) {
            drop("overflow");
            return;
        }
        Destination destination = cluster.balancer().pick(List.of(), Balancer.NO_KEY);
        long permit = destination == null ? 0 : destination.tryAcquire();
        if (permit == 0) {
            load.copyEnded();
            drop("no_endpoint");
            return;
        }
        session.loop().timers().set(this, limitNanos);
        attempt = new Attempt(this, destination, permit, session, Attempt.version(cluster, destination, head, client, grpc));
        attempt.begin(false);
    }

    private void drop(String outcome) {
        over = true;
        for (ByteBuf part; (part = body.poll()) != null; ) part.release();
        session.metrics().mirrored(outcome);
    }

    private void end(String outcome) {
        if (over) return;
        session.loop().timers().cancel(this);
        cluster.load().copyEnded();
        drop(outcome);
    }

    @Override
    public void onConnected(Attempt on) {
        UpstreamStream up = on.stream();
        boolean none = body.isEmpty() && trailers == null;
        up.sendHead(head, none);
        if (none) return;
        // All of it at once, whatever the other side can take now: it is no longer than what is kept for retries.
        for (ByteBuf part; (part = body.poll()) != null; ) up.sendBody(part);
        if (!over) up.sendEnd(trailers);
    }

    @Override
    public void onInformational(Attempt from, ResponseHead answer) {}

    @Override
    public void onHead(Attempt from, ResponseHead answer, boolean end) {
        status = answer.status();
        if (status == 101) {
            // Nothing that asks for it is copied.
            from.giveUp(Failure.UPSTREAM_PROTOCOL);
            end("failed");
        } else if (end) {
            onResponseEnd(null);
        }
    }

    @Override
    public void onResponseBody(ByteBuf data) {
        data.release();
    }

    @Override
    public void onResponseEnd(Fields answerTrailers) {
        end(status >= 500 ? "failed" : "answered");
    }

    @Override
    public void onUpstreamWritable() {}

    @Override
    public void onAttemptFailed(Attempt failed, Failure failure, boolean unprocessed, String detail) {
        end("failed");
    }

    @Override
    protected void expire() {
        attempt.giveUp(Failure.PER_TRY_TIMEOUT);
        end("failed");
    }

    @Override
    public boolean isGrpc() {
        return grpc;
    }

    @Override
    public long now() {
        return session.nanos();
    }
}
