package mesh.control.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.APIResourceListBuilder;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import mesh.control.journal.DirectoryFiles;
import mesh.control.store.Discovered;
import mesh.control.store.MeshStore;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.BalancerKind;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.DownstreamTls;
import mesh.model.Endpoint;
import mesh.model.EndpointHealth;
import mesh.model.EndpointSet;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.model.Scope;
import mesh.model.SpiffeId;
import mesh.model.TrustDomain;
import mesh.model.UpstreamProtocol;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Informers against fabric8's server over HTTPS, which lists and watches as the API does, and a real store. */
@EnableKubernetesMockClient(crud = true)
class ServiceSyncTest {

    private static final String CLUSTER = "kubernetes/shop/payments:80";

    @TempDir
    private Path dir;

    /** Set by the extension. */
    private KubernetesClient client;
    private KubernetesMockServer server;

    private final AtomicBoolean leads = new AtomicBoolean(true);
    private DirectoryFiles files;
    private MeshStore store;
    private KubernetesServices services;

    @BeforeEach
    void start() throws Exception {
        files = DirectoryFiles.open(dir.resolve("data"));
        store = MeshStore.open(files, Optional::empty, InstantSource.system());
    }

    @AfterEach
    void stop() throws Exception {
        if (services != null) services.close();
        store.close();
        files.close();
    }

    @Test
    void podsOfAServiceAreEndpointsAndThoseWithASidecarHaveAnIdentity() {
        service();
        pod("payments-1", true);
        pod("payments-2", false);
        client.resource(slice("a", ready("10.1.0.1", "payments-1"), ready("10.1.0.2", "payments-2"))).create();
        follow();

        awaitEndpoints(endpoint("10.1.0.1", true), endpoint("10.1.0.2", false));
        assertThat(store.current().clusters().get(CLUSTER).connections().protocol()).isEqualTo(UpstreamProtocol.HTTP2);
        assertThat(store.current().clusters()).as("ExternalName and UDP are none").containsOnlyKeys(CLUSTER);
    }

    @Test
    void followsPodsThatComeAreLeavingAndGo() {
        service();
        pod("payments-1", true);
        client.resource(slice("a", ready("10.1.0.1", "payments-1"))).create();
        follow();
        awaitEndpoints(endpoint("10.1.0.1", true));

        pod("payments-2", true);
        client.resource(slice("a", ready("10.1.0.1", "payments-1"), ready("10.1.0.2", "payments-2"))).update();
        awaitEndpoints(endpoint("10.1.0.1", true), endpoint("10.1.0.2", true));

        client.resource(slice("a", leaving("10.1.0.1", "payments-1"), notReady("10.1.0.2", "payments-2"))).update();
        awaitEndpoints(endpoint("10.1.0.1", true).withHealth(EndpointHealth.DRAINING));

        EndpointSlice empty = slice("a");
        empty.setEndpoints(null);
        empty.setPorts(null);
        client.resource(empty).update();
        awaitEndpoints();

        client.services().inNamespace("shop").withName("payments").delete();
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(store.current().clusters()).isEmpty());
    }

    @Test
    void leavesPoliciesAndOtherClustersToWhoeverWroteThem() {
        Cluster written = new Cluster(CLUSTER, BalancerKind.LEAST_CONN, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT);
        Cluster other = new Cluster("payments", BalancerKind.RANDOM, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT);
        put(List.of(written, other));
        service();
        client.resource(slice("a", ready("10.1.0.1", "payments-1"))).create();
        follow();
        awaitEndpoints(endpoint("10.1.0.1", false));
        assertThat(store.current().clusters()).containsEntry(CLUSTER, written).containsEntry("payments", other);

        long version = store.current().version();
        pod("somebody-else", true);
        put(List.of(written, other));
        assertThat(store.current().version()).as("what does not change endpoints makes no version").isEqualTo(version);
        assertThat(store.current().endpointsOf(CLUSTER)).containsExactly(endpoint("10.1.0.1", false));
    }

    @Test
    void aServiceThatIsGoneAndStillNamedStaysWithoutEndpoints() {
        Cluster cluster = new Cluster(CLUSTER, BalancerKind.ROUND_ROBIN, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT);
        Listener listener = new Listener("in", Address.parse("127.0.0.1:1"), Scope.ALL, new Listener.TcpTraffic(CLUSTER, Optional.empty()),
            Optional.empty());
        MeshSnapshot named = new MeshSnapshot(1, Map.of("in", listener), Map.of(),
            Map.of(CLUSTER, cluster), Map.of(CLUSTER, new EndpointSet(CLUSTER, List.of(endpoint("10.1.0.1", false)))), Optional.empty());
        MeshSnapshot applied = ServiceSync.applied(named, Found.NOTHING);
        assertThat(applied.problems()).isEmpty();
        assertThat(applied.clusters()).containsKey(CLUSTER);
        assertThat(applied.endpointsOf(CLUSTER)).isEmpty();
    }

    @Test
    void writesOnlyWhereItLeadsAndCatchesUpWhenItDoes() {
        leads.set(false);
        service();
        client.resource(slice("a", ready("10.1.0.1", "payments-1"))).create();
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        follow(meters);
        await().atMost(Duration.ofSeconds(20)).until(() -> meters.get("mesh_kubernetes_synced").gauge().value() == 1);
        assertThat(store.current().clusters()).isEmpty();
        leads.set(true);
        awaitEndpoints(endpoint("10.1.0.1", false));
    }

    @Test
    void aServiceOfTwoFamiliesHasEachPodOnce() {
        service();
        client.resource(slice("a", ready("10.1.0.1", "payments-1"))).create();
        EndpointSlice six = slice("b", ready("fd00::1", "payments-1"));
        six.setAddressType("IPv6");
        client.resource(six).create();
        client.resource(slice("c", ready("10.1.0.1", "payments-1"), ready("10.1.0.3", "payments-3"))).create();
        follow();
        awaitEndpoints(endpoint("10.1.0.1", false), endpoint("10.1.0.3", false));
    }

    @Test
    void aRouteOfTheGatewayApiIsInForceAndToldSo() {
        server.expect().get().withPath("/apis/gateway.networking.k8s.io/v1").andReturn(200, new APIResourceListBuilder()
            .withGroupVersion("gateway.networking.k8s.io/v1").addNewResource().withName("httproutes").withKind("HTTPRoute").withNamespaced(true)
            .endResource().build()).always();
        service();
        follow();
        awaitEndpoints();
        client.resource(route(80)).create();
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(store.current().routeTables()).containsOnlyKeys(CLUSTER));
        awaitAccepted("True", "in force");

        client.resource(route(81)).update();
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(store.current().routeTables()).isEmpty());
        awaitAccepted("False", "service shop/payments has no such port over TCP (expected: one of [80])");
    }

    private void awaitAccepted(String status, String message) {
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            HTTPRoute told = client.resources(HTTPRoute.class).inNamespace("shop").withName("canary").get();
            assertThat(told.getStatus()).isNotNull();
            assertThat(told.getStatus().getParents()).singleElement().satisfies(parent -> assertThat(parent.getConditions().get(0))
                .extracting(Condition::getType, Condition::getStatus, Condition::getMessage).containsExactly("Accepted", status, message));
        });
    }

    private static HTTPRoute route(int port) {
        return new HTTPRouteBuilder().withNewMetadata().withNamespace("shop").withName("canary").endMetadata().withNewSpec()
            .addNewParentRef().withGroup("").withKind("Service").withName("payments").withPort(port).endParentRef()
            .addNewRule().addNewBackendRef().withName("payments").withPort(80).endBackendRef().endRule().endSpec().build();
    }

    private void follow() {
        follow(new SimpleMeterRegistry());
    }

    private void follow(SimpleMeterRegistry meters) {
        services = new KubernetesServices(client, new TrustDomain("mesh.local"),
            new PodTraffic(PodTraffic.Outbound.ALLOW_ANY, Optional.of(DownstreamTls.Mode.PERMISSIVE)), store, leads::get, meters);
    }

    private void put(List<Cluster> clusters) {
        MeshSnapshot next = new MeshSnapshot(0, Map.of(), Map.of(), MeshSnapshot.byName(clusters, Cluster::name), Map.of(), Optional.empty());
        assertThat(store.edit(0, current -> Discovered.kept(current, next), "test", "")).isInstanceOf(ApplyResult.Applied.class);
    }

    private void awaitEndpoints(Endpoint... endpoints) {
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            assertThat(store.current().endpoints()).containsKey(CLUSTER);
            assertThat(store.current().endpointsOf(CLUSTER)).containsExactly(endpoints);
        });
    }

    private static Endpoint endpoint(String address, boolean meshed) {
        return new Endpoint(new Address(address, 8080), 1,
            meshed ? Optional.of(SpiffeId.parse("spiffe://mesh.local/ns/shop/sa/payments-account")) : Optional.empty());
    }

    private void service() {
        client.resource(new ServiceBuilder().withNewMetadata().withNamespace("shop").withName("payments").endMetadata().withNewSpec()
            .withIpFamilies("IPv4", "IPv6")
            .addNewPort().withName("http").withPort(80).withProtocol("TCP").withAppProtocol("kubernetes.io/h2c").endPort()
            .addNewPort().withName("dns").withPort(53).withProtocol("UDP").endPort().endSpec().build()).create();
        client.resource(new ServiceBuilder().withNewMetadata().withNamespace("shop").withName("elsewhere").endMetadata().withNewSpec()
            .withType("ExternalName").withExternalName("db.example").addNewPort().withPort(80).endPort().endSpec().build()).create();
    }

    private void pod(String name, boolean meshed) {
        client.resource(new PodBuilder().withNewMetadata().withNamespace("shop").withName(name).endMetadata().withNewSpec()
            .withServiceAccountName("payments-account").addNewContainer().withName("payments").endContainer()
            .addNewInitContainer().withName(meshed ? "mesh-proxy" : "migrate").endInitContainer().endSpec().build()).create();
    }

    private static EndpointSlice slice(String name, EndpointBuilder... endpoints) {
        EndpointSliceBuilder slice = new EndpointSliceBuilder().withNewMetadata().withNamespace("shop").withName("payments-" + name)
            .addToLabels("kubernetes.io/service-name", "payments").endMetadata().withAddressType("IPv4")
            .addNewPort().withName("http").withPort(8080).withProtocol("TCP").endPort().addNewPort().withName("dns").withPort(53).endPort();
        for (EndpointBuilder each : endpoints) slice.addToEndpoints(each.build());
        return slice.build();
    }

    private static EndpointBuilder ready(String address, String pod) {
        return endpoint(address, pod, true, true, false);
    }

    private static EndpointBuilder notReady(String address, String pod) {
        return endpoint(address, pod, false, false, false);
    }

    private static EndpointBuilder leaving(String address, String pod) {
        return endpoint(address, pod, false, true, true);
    }

    private static EndpointBuilder endpoint(String address, String pod, boolean ready, boolean serving, boolean terminating) {
        return new EndpointBuilder().withAddresses(address).withNewTargetRef().withKind("Pod").withNamespace("shop").withName(pod).endTargetRef()
            .withNewConditions(ready, serving, terminating);
    }
}
