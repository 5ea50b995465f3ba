package mesh.control.gateway;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import mesh.model.RetryOn;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.RouteTable;
import mesh.model.Timeouts;

/** On what terms a service is called as long as nobody says otherwise: no limit but for silence, and what provably was not begun is tried again. */
public final class ServiceTerms {

    static final Timeouts TIMEOUTS = new Timeouts(Duration.ZERO, Timeouts.DEFAULT.idle());
    static final Set<RetryOn> UNBEGUN = Set.of(RetryOn.CONNECT_FAILURE, RetryOn.REFUSED_STREAM, RetryOn.RESET_BEFORE_REQUEST);
    static final Duration BACKOFF = Duration.ofMillis(25);

    private ServiceTerms() {}

    /** A table that sends everything to a cluster. */
    public static RouteTable toCluster(String name, String cluster) {
        return RouteTable.toCluster(name, new Route("all", new Route.Prefix("/"), new Route.ToCluster(cluster), Optional.empty(), TIMEOUTS,
            retries(Duration.ZERO)));
    }

    /** @param perTry zero for as long as it takes */
    static RetryPolicy retries(Duration perTry) {
        return new RetryPolicy(3, perTry, UNBEGUN, BACKOFF, BACKOFF.multipliedBy(10));
    }
}
