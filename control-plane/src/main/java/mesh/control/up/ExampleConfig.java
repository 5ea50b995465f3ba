package mesh.control.up;

import com.google.protobuf.util.Durations;
import java.util.Map;
import mesh.model.Address;
import mesh.v1.CircuitBreaker;
import mesh.v1.Cluster;
import mesh.v1.Config;
import mesh.v1.DownstreamTls;
import mesh.v1.Endpoint;
import mesh.v1.Listener;
import mesh.v1.Retry;
import mesh.v1.Route;
import mesh.v1.RouteTable;
import mesh.v1.Scope;
import mesh.v1.VirtualHost;

/**
 * What is pushed: {@code web} may call {@code payments}, by HTTP/1.1 and by gRPC, whose first instance gets twice what its second gets.
 * The sidecars of payments tell the two apart by path.
 */
final class ExampleConfig {

    static final Map<String, Integer> WEIGHTS = Map.of("payments-1", 2, "payments-2", 1);

    /** An instance of payments: where its sidecar takes requests, and where it takes them itself, by HTTP/1.1 and by gRPC. */
    record Payments(Address in, Address http, Address grpc) {}

    private ExampleConfig() {}

    /**
     * Everything the sidecars need.
     *
     * @param webIn    where web's sidecar takes requests for web
     * @param web      web itself
     * @param webOut   where web's sidecar takes requests of web
     * @param payments by instance
     */
    static Config of(String trustDomain, Address webIn, Address web, Address webOut, Map<String, Payments> payments) {
        Config.Builder config = Config.newBuilder()
            .addListeners(Listener.newBuilder().setName("web-in").setListen(webIn.toString())
                .setScope(Scope.newBuilder().setWorkload("web")).setCluster("web-app").setService("web"))
            .addClusters(cluster("web-app", web))
            .addListeners(Listener.newBuilder().setName("web-out").setListen(webOut.toString())
                .setScope(Scope.newBuilder().setWorkload("web")).setRoute("from-web"))
            .addRoutes(RouteTable.newBuilder().setName("from-web").addVirtualHosts(VirtualHost.newBuilder()
                .setName("payments").addHosts("*").addRoutes(Route.newBuilder()
                    .setName("payments").setPrefix("/").setCluster("payments")
                    .setRetry(Retry.newBuilder().setAttempts(3).setPerTryTimeout(Durations.fromMillis(500))))));
        Cluster.Builder cluster = Cluster.newBuilder().setName("payments").setBalancer("round_robin")
            .setCircuitBreaker(CircuitBreaker.newBuilder().setWindowSize(20).setFailureThreshold(0.5).setResetTimeout(Durations.fromSeconds(10)));
        String web1 = "spiffe://" + trustDomain + "/web";
        payments.forEach((instance, at) -> {
            config.addListeners(Listener.newBuilder().setName(instance + "-in").setListen(at.in().toString())
                .setScope(Scope.newBuilder().setWorkload("payments").setNode(instance)).setRoute(instance).setService("payments")
                .setTls(DownstreamTls.newBuilder().addAllow(web1)));
            config.addRoutes(RouteTable.newBuilder().setName(instance).addVirtualHosts(VirtualHost.newBuilder().setName(instance).addHosts("*")
                .addRoutes(Route.newBuilder().setName("grpc").setPrefix("/" + ExampleCalls.SERVICE + "/").setCluster(instance + "-grpc"))
                .addRoutes(Route.newBuilder().setName("http").setPrefix("/").setCluster(instance + "-http"))));
            config.addClusters(cluster(instance + "-http", at.http()));
            config.addClusters(cluster(instance + "-grpc", at.grpc()));
            cluster.addEndpoints(Endpoint.newBuilder().setAddress(at.in().toString())
                .setWeight(WEIGHTS.get(instance)).setSpiffeId("spiffe://" + trustDomain + "/payments"));
        });
        return config.addClusters(cluster).build();
    }

    /** The application beside a sidecar: plaintext on loopback. */
    private static Cluster cluster(String name, Address application) {
        return Cluster.newBuilder().setName(name).addEndpoints(Endpoint.newBuilder().setAddress(application.toString())).build();
    }
}
