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
import java.util.concurrent.TimeUnit;

/**
 * Closes the connection of a call that goes on for long when the certificate ends that its caller showed. The call alone would not do: its
 * client would try again on the connection that it has, and be refused there for ever.
 */
final class CertificateEnd {

    /** For calls that are nearly done. */
    private static final long GRACE_SECONDS = 2;

    private final InstantSource clock;

    CertificateEnd(InstantSource clock) {
        this.clock = clock;
    }

    /** To be called on the call's event loop. A server other than Quarkus's has no connection to close; there nothing happens. */
    <Q> ServerCall.Listener<Q> watch(ServerCall.Listener<Q> call, Instant notAfter) {
        Context context = Vertx.currentContext();
        RoutingContext routing = context == null ? null : context.getLocal(RoutingContext.class.getName());
        if (routing == null) {
            return call;
        }
        HttpConnection connection = routing.request().connection();
        Vertx vertx = context.owner();
        long left = Math.max(1, Duration.between(clock.instant(), notAfter).toMillis());
        long timer = vertx.setTimer(left, id -> connection.shutdown(GRACE_SECONDS, TimeUnit.SECONDS));
        return new SimpleForwardingServerCallListener<>(call) {

            @Override
            public void onCancel() {
                vertx.cancelTimer(timer);
                super.onCancel();
            }

            @Override
            public void onComplete() {
                vertx.cancelTimer(timer);
                super.onComplete();
            }
        };
    }
}
