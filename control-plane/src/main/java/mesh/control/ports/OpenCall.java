package mesh.control.ports;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.ServerCall;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A call that goes on for long, and two ways to end that the server has no word for.
 *
 * <p>A connection that breaks: Vert.x tells a call only of a stream that its client resets, and one whose client was killed would go on for
 * ever. And the certificate that its caller showed: when that ends the connection is closed. The call alone would not do, because its client
 * would try again on the connection that it has and be refused there for ever.
 */
final class OpenCall<Q> extends SimpleForwardingServerCallListener<Q> {

    /** For calls that are nearly done. */
    private static final long GRACE_SECONDS = 2;
    private static final long NONE = -1;

    private final Vertx vertx;
    private final AtomicBoolean ended = new AtomicBoolean();
    private final long timer;
    private final Peer peer;
    private final HttpConnection connection;
    private final OpenCalls all;

    private OpenCall(ServerCall.Listener<Q> call, Vertx vertx, long timer, Peer peer, HttpConnection connection, OpenCalls all) {
        super(call);
        this.vertx = vertx;
        this.timer = timer;
        this.peer = peer;
        this.connection = connection;
        this.all = all;
    }

    Peer peer() {
        return peer;
    }

    /** At once, with every other call on its connection. */
    void cut() {
        connection.close();
    }

    /**
     * To be called on the call's event loop. A server other than Quarkus's has nothing to watch here, and tells its calls itself.
     *
     * @param notAfter when the caller's certificate ends; empty if it showed none
     */
    static <Q> ServerCall.Listener<Q> watch(ServerCall.Listener<Q> call, Peer peer, Optional<Instant> notAfter, InstantSource clock, OpenCalls all) {
        Context context = Vertx.currentContext();
        RoutingContext routing = context == null ? null : context.getLocal(RoutingContext.class.getName());
        if (routing == null) {
            return call;
        }
        Vertx vertx = context.owner();
        HttpConnection connection = routing.request().connection();
        long timer = notAfter.isEmpty() ? NONE : vertx.setTimer(
            Math.max(1, Duration.between(clock.instant(), notAfter.get()).toMillis()),
            fired -> connection.shutdown(GRACE_SECONDS, TimeUnit.SECONDS));
        OpenCall<Q> open = new OpenCall<>(call, vertx, timer, peer, connection, all);
        all.begun(open);
        routing.addEndHandler(end -> {
            if (end.failed()) {
                open.onCancel();
            }
        });
        return open;
    }

    @Override
    public void onCancel() {
        if (ends()) {
            super.onCancel();
        }
    }

    @Override
    public void onComplete() {
        if (ends()) {
            super.onComplete();
        }
    }

    /** Whether it had not ended yet. */
    private boolean ends() {
        all.ended(this);
        if (timer != NONE) {
            vertx.cancelTimer(timer);
        }
        return ended.compareAndSet(false, true);
    }
}
