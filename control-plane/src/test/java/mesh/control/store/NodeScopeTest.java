package mesh.control.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import mesh.model.Address;
import mesh.model.BalancerKind;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.Endpoint;
import mesh.model.EndpointSet;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.RouteTable;
import mesh.model.Scope;
import mesh.model.Timeouts;
import org.junit.jupiter.api.Test;

class NodeScopeTest {

    private static final MeshSnapshot MESH = new MeshSnapshot(7,
        MeshSnapshot.byName(List.of(
            http("web-out", new Scope("web", ""), "outbound"),
            http("web-canary", new Scope("web", "web-2"), "canary"),
            tcp("pay-in", new Scope("payments", ""), "pay-app"),
            tcp("all", Scope.ALL, "dns")), Listener::name),
        MeshSnapshot.byName(List.of(
            table("outbound", new Route.ToWeightedClusters(List.of(new Route.WeightedCluster("payments", 9), new Route.WeightedCluster("next", 1)))),
            table("canary", new Route.ToCluster("canary")),
            table("unused", new Route.ToCluster("unused"))), RouteTable::name),
        clusters("payments", "next", "canary", "unused", "pay-app", "dns"),
        Map.of("payments", endpoints("payments"), "dns", endpoints("dns"), "unused", endpoints("unused")),
        Optional.empty());

    @Test
    void showsASidecarWhatItsListenersLeadTo() {
        MeshSnapshot view = NodeScope.view(MESH, "web", "web-1");

        assertThat(view.listeners()).containsOnlyKeys("web-out", "all");
        assertThat(view.routeTables()).containsOnlyKeys("outbound");
        assertThat(view.clusters()).containsOnlyKeys("payments", "next", "dns");
        assertThat(view.endpoints()).containsOnlyKeys("payments", "dns");
        assertThat(view.version()).isEqualTo(7);
        assertThat(view.problems()).isEmpty();
    }

    @Test
    void addsWhatIsForOneInstanceOnly() {
        MeshSnapshot view = NodeScope.view(MESH, "web", "web-2");

        assertThat(view.listeners()).containsOnlyKeys("web-out", "web-canary", "all");
        assertThat(view.clusters()).containsOnlyKeys("payments", "next", "canary", "dns");
    }

    @Test
    void sidecarsWithTheSameListenersShareOneViewOfEachVersion() {
        SharedViews views = new SharedViews();
        MeshSnapshot view = views.view(MESH, "web", "web-1");
        assertThat(view).isEqualTo(NodeScope.view(MESH, "web", "web-1"));
        assertThat(views.view(MESH, "web", "web-3")).isSameAs(view);
        assertThat(views.view(MESH, "web", "web-2")).isEqualTo(NodeScope.view(MESH, "web", "web-2"));

        MeshSnapshot next = MESH.withVersion(8);
        assertThat(views.view(next, "web", "web-1")).isEqualTo(view.withVersion(8));
        assertThat(views.view(MESH, "web", "web-1")).as("one that is late").isEqualTo(view);
    }

    @Test
    void hidesWhatIsForOtherWorkloads() {
        MeshSnapshot view = NodeScope.view(MESH, "stranger", "web-2");

        assertThat(view.listeners()).containsOnlyKeys("all");
        assertThat(view.routeTables()).isEmpty();
        assertThat(view.clusters()).containsOnlyKeys("dns");
    }

    private static Listener http(String name, Scope scope, String table) {
        return new Listener(name, new Address("", 0), scope, new Listener.HttpTraffic(table, ""), Optional.empty());
    }

    private static Listener tcp(String name, Scope scope, String cluster) {
        return new Listener(name, new Address("", 0), scope, new Listener.TcpTraffic(cluster), Optional.empty());
    }

    private static RouteTable table(String name, Route.Action action) {
        return RouteTable.toCluster(name, new Route("r", new Route.Prefix("/"), action, Optional.empty(), Timeouts.DEFAULT, RetryPolicy.NONE));
    }

    private static Map<String, Cluster> clusters(String... names) {
        return MeshSnapshot.byName(List.of(names).stream().map(name ->
            new Cluster(name, BalancerKind.RANDOM, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT)).toList(), Cluster::name);
    }

    private static EndpointSet endpoints(String cluster) {
        return new EndpointSet(cluster, List.of(new Endpoint(new Address(cluster, 1), 1, Optional.empty())));
    }
}
