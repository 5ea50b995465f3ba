package mesh.proxy.route;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.RouteTable;
import mesh.model.Timeouts;
import mesh.model.VirtualHost;
import mesh.proxy.http.RequestHead;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What finding a route costs as tables grow, and what a push pays to compile one. To run it:
 *
 * <pre>./mvnw -Pbench -pl data-plane -am process-test-classes -Dbench=RouteIndex</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RouteIndexBenchmark {

    /** Requests are drawn in turn from so many: more than a branch predictor remembers. */
    private static final int REQUESTS = 1024;

    /** In the whole table. */
    @Param({"10", "100", "1000", "10000"})
    public int routes;

    private RouteTable byHost;
    private RouteIndex<Route> hosts;
    private RouteIndex<Route> prefixes;
    private final RequestHead[] toHosts = new RequestHead[REQUESTS];
    private final RequestHead[] toPrefixes = new RequestHead[REQUESTS];
    private int next;

    @Setup
    public void compile() {
        List<VirtualHost> virtual = new ArrayList<>();
        List<Route> paths = new ArrayList<>();
        for (int i = 0; i < routes; i++) {
            virtual.add(new VirtualHost("service-" + i, List.of("service-" + i + ".svc.mesh.local"), List.of(route("/"))));
            paths.add(route("/team-" + i % 10 + "/service-" + i + "/"));
        }
        byHost = new RouteTable("hosts", virtual);
        hosts = RouteIndex.compile(byHost, route -> route);
        prefixes = RouteIndex.compile(new RouteTable("paths", List.of(new VirtualHost("all", List.of("*"), paths))), route -> route);
        for (int i = 0; i < REQUESTS; i++) {
            int to = (int) ((long) i * 7919 % routes);
            toHosts[i] = RequestHead.of("GET", "/api/v1/payments/42", "service-" + to + ".svc.mesh.local:8080");
            toPrefixes[i] = RequestHead.of("GET", "/team-" + to % 10 + "/service-" + to + "/payments/42", "payments");
        }
    }

    /** A service mesh's table: a host for each service. */
    @Benchmark
    public Route hostOfMany() {
        return hosts.match(toHosts[next++ & REQUESTS - 1]);
    }

    /** A gateway's table: one host, a prefix for each service. */
    @Benchmark
    public Route prefixOfMany() {
        return prefixes.match(toPrefixes[next++ & REQUESTS - 1]);
    }

    @Benchmark
    @OutputTimeUnit(TimeUnit.MICROSECONDS)
    public RouteIndex<Route> compileHosts() {
        return RouteIndex.compile(byHost, route -> route);
    }

    private static Route route(String prefix) {
        return new Route("r", new Route.Prefix(prefix), new Route.ToCluster("c"), Optional.empty(), Timeouts.DEFAULT, RetryPolicy.NONE);
    }
}
