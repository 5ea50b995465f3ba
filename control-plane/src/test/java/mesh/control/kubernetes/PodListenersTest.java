package mesh.control.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import mesh.control.store.Discovered;
import mesh.control.store.NodeScope;
import mesh.model.Address;
import mesh.model.Arrival;
import mesh.model.DownstreamTls;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.model.Scope;
import mesh.model.TrustDomain;
import org.junit.jupiter.api.Test;

class PodListenersTest {

    private static final PodTraffic USUAL = new PodTraffic(PodTraffic.Outbound.ALLOW_ANY, Optional.of(DownstreamTls.Mode.PERMISSIVE));
    private static final Pod WEB = pod("web-1", "web", true);
    private static final Pod PAYMENTS = pod("payments-1", "payments", true);
    private static final Service SERVICE = new ServiceBuilder().withNewMetadata().withNamespace("shop").withName("payments").endMetadata().withNewSpec()
        .withClusterIP("10.96.0.10").withClusterIPs("10.96.0.10", "fd00::10")
        .addNewPort().withName("http-api").withPort(80).endPort().addNewPort().withName("mysql").withPort(3306).endPort().endSpec().build();

    @Test
    void aPodReachesEveryServiceByItsAddressesAndWhoeverElseByItself() {
        MeshSnapshot web = view(USUAL, "ns/shop/sa/web", "web-1.shop");

        assertThat(web.problems()).isEmpty();
        assertThat(described(web)).containsOnly(
            "kubernetes/outbound/ns/shop/sa/web intercepted :15001 plain TcpTraffic[cluster=kubernetes/passthrough, hash=Optional.empty]",
            "kubernetes/inbound/ns/shop/sa/web intercepted :15006 permissive TcpTraffic[cluster=kubernetes/passthrough, hash=Optional.empty]",
            "kubernetes/shop/payments:80 handed_over 10.96.0.10:80 plain HttpTraffic[routeTable=kubernetes/shop/payments:80, service=, detection=Optional.empty]",
            "kubernetes/shop/payments:80/2 handed_over [fd00::10]:80 plain HttpTraffic[routeTable=kubernetes/shop/payments:80, service=, detection=Optional.empty]",
            "kubernetes/shop/payments:3306 handed_over 10.96.0.10:3306 plain TcpTraffic[cluster=kubernetes/shop/payments:3306, hash=Optional.empty]",
            "kubernetes/shop/payments:3306/2 handed_over [fd00::10]:3306 plain TcpTraffic[cluster=kubernetes/shop/payments:3306, hash=Optional.empty]");
        assertThat(web.clusters().get("kubernetes/passthrough").originalDst()).isTrue();
        assertThat(web.endpointsOf("kubernetes/shop/payments:80")).singleElement()
            .satisfies(each -> assertThat(each.spiffeId().orElseThrow()).hasToString("spiffe://mesh.local/ns/shop/sa/payments"));
    }

    @Test
    void whatComesToAPodIsServedRequestByRequestWhereItsServiceSaysHttp() {
        MeshSnapshot payments = view(USUAL, "ns/shop/sa/payments", "payments-1.shop");

        assertThat(described(payments)).contains("kubernetes/pods/shop/payments-1/10.1.0.1:8080 handed_over 10.1.0.1:8080 permissive"
            + " HttpTraffic[routeTable=kubernetes/application:8080, service=ns/shop/sa/payments, detection=Optional.empty]");
        assertThat(payments.endpointsOf("kubernetes/application:8080")).extracting(each -> each.address().toString()).containsExactly("127.0.0.1:8080");
        assertThat(payments.listeners().keySet()).noneMatch(name -> name.contains("10.1.0.1:3306"));
        assertThat(view(USUAL, "ns/shop/sa/payments", "payments-2.shop").listeners().keySet()).as("of another pod")
            .noneMatch(name -> name.contains("payments-1"));
    }

    @Test
    void closedWhereOnlyServicesMayBeReachedAndStrictWhereOnlyTheMeshMayCome() {
        MeshSnapshot web = view(new PodTraffic(PodTraffic.Outbound.REGISTRY_ONLY, Optional.of(DownstreamTls.Mode.STRICT)), "ns/shop/sa/web", "web-1.shop");

        assertThat(described(web)).contains(
            "kubernetes/outbound/ns/shop/sa/web intercepted :15001 plain TcpTraffic[cluster=kubernetes/nowhere, hash=Optional.empty]",
            "kubernetes/inbound/ns/shop/sa/web intercepted :15006 strict TcpTraffic[cluster=kubernetes/passthrough, hash=Optional.empty]");
        assertThat(web.endpointsOf("kubernetes/nowhere")).isEmpty();
    }

    @Test
    void nobodyWithoutInterceptionOpensASocketForIt() {
        assertThat(view(USUAL, "ns/shop/sa/other", "other-1.shop").listeners().values())
            .allMatch(each -> each.arrival() == Arrival.HANDED_OVER).isNotEmpty();
        assertThat(view(USUAL, "edge", "edge-1").listeners()).isEmpty();
        assertThat(found(USUAL, List.of(pod("web-1", "web", false))).listeners()).isEmpty();
    }

    @Test
    void whatSomebodyHasWrittenForTheSamePlaceWins() {
        Scope web = new Scope("ns/shop/sa/web", "");
        Listener outbound = new Listener("mine", Address.parse("127.0.0.1:15001"), web, new Listener.TcpTraffic("kubernetes/nowhere"), Optional.empty());
        Listener payments = new Listener("payments", Address.parse("10.96.0.10:80"), web, new Listener.TcpTraffic("kubernetes/nowhere"), Optional.empty())
            .withArrival(Arrival.HANDED_OVER);
        MeshSnapshot mesh = withListeners(mesh(USUAL, List.of(WEB, PAYMENTS)), outbound, payments);

        assertThat(NodeScope.view(mesh, "ns/shop/sa/web", "web-1.shop").listeners().keySet()).contains("mine", "payments")
            .doesNotContain("kubernetes/outbound/ns/shop/sa/web", "kubernetes/shop/payments:80");
        assertThat(NodeScope.view(mesh, "ns/shop/sa/payments", "payments-1.shop").listeners().keySet()).doesNotContain("mine", "payments")
            .contains("kubernetes/outbound/ns/shop/sa/payments", "kubernetes/shop/payments:80");
    }

    @Test
    void aWholeConfigurationThatIsPutLeavesThemThere() {
        MeshSnapshot mesh = mesh(USUAL, List.of(WEB, PAYMENTS));
        assertThat(Discovered.kept(mesh, MeshSnapshot.EMPTY)).satisfies(kept -> {
            assertThat(kept.listeners()).isEqualTo(mesh.listeners());
            assertThat(kept.routeTables()).isEqualTo(mesh.routeTables());
            assertThat(kept.problems()).isEmpty();
        });
        assertThat(ServiceSync.applied(mesh, Found.NOTHING)).satisfies(gone -> {
            assertThat(gone.listeners()).isEmpty();
            assertThat(gone.routeTables()).isEmpty();
            assertThat(gone.clusters()).isEmpty();
        });
    }

    private static MeshSnapshot view(PodTraffic policy, String workload, String node) {
        return NodeScope.view(mesh(policy, List.of(WEB, PAYMENTS)), workload, node);
    }

    private static MeshSnapshot mesh(PodTraffic policy, List<Pod> pods) {
        return ServiceSync.applied(MeshSnapshot.EMPTY, found(policy, pods));
    }

    private static Found found(PodTraffic policy, List<Pod> pods) {
        Map<String, Pod> byName = pods.stream().collect(Collectors.toMap(each -> "shop/" + each.getMetadata().getName(), each -> each));
        Found own = new PodListeners(policy).of(List.of(SERVICE), service -> List.of(slice()), pods, PodListeners.Terms.NONE);
        List<FoundCluster> clusters = new ServiceClusters(new TrustDomain("mesh.local")).of(List.of(SERVICE), service -> List.of(slice()), byName::get);
        return new Found(clusters, List.of(), List.of(), List.of()).and(own);
    }

    private static MeshSnapshot withListeners(MeshSnapshot mesh, Listener... more) {
        Map<String, Listener> all = new LinkedHashMap<>(mesh.listeners());
        for (Listener each : more) all.put(each.name(), each);
        return new MeshSnapshot(mesh.version(), all, mesh.routeTables(), mesh.clusters(), mesh.endpoints(), mesh.trust());
    }

    private static Set<String> described(MeshSnapshot view) {
        return view.listeners().values().stream().map(each -> each.name() + " " + each.arrival().name().toLowerCase(Locale.ROOT) + " " + each.bind() + " "
            + each.tls().map(tls -> tls.mode().text()).orElse("plain") + " " + each.traffic()).collect(Collectors.toSet());
    }

    private static EndpointSlice slice() {
        return new EndpointSliceBuilder().withNewMetadata().withNamespace("shop").withName("payments-a").endMetadata().withAddressType("IPv4")
            .addNewPort().withName("http-api").withPort(8080).endPort().addNewPort().withName("mysql").withPort(3306).endPort()
            .addNewEndpoint().withAddresses("10.1.0.1").withNewConditions(true, true, false).withNewTargetRef().withKind("Pod").withNamespace("shop")
            .withName("payments-1").endTargetRef().endEndpoint().build();
    }

    private static Pod pod(String name, String account, boolean intercepted) {
        PodBuilder pod = new PodBuilder().withNewMetadata().withNamespace("shop").withName(name).endMetadata().withNewSpec().withServiceAccountName(account)
            .addNewInitContainer().withName("mesh-proxy").endInitContainer().endSpec();
        if (intercepted) pod.editSpec().addNewInitContainer().withName("mesh-init").endInitContainer().endSpec();
        return pod.build();
    }
}
