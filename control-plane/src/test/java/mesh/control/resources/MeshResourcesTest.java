package mesh.control.resources;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.ServicePortBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import mesh.model.AccessPolicy;
import mesh.model.BalancerKind;
import mesh.model.Route;
import mesh.model.UpstreamProtocol;
import org.junit.jupiter.api.Test;

class MeshResourcesTest {

    private static final Instant NOW = Instant.parse("2026-11-28T12:00:00Z");
    private static final String CLUSTER = "kubernetes/shop/payments:80";
    private static final String POLICY = resource("ServicePolicy", "calm", """
        spec: {service: payments, port: 80, cluster: {balancer: least_conn, connectTimeout: 0.5s, circuitBreaker: {windowSize: 20, failureThreshold: 0.5}}}""");
    private static final String ROUTE = resource("ServiceRoute", "slow", """
        spec: {service: payments, routes: [{name: all, prefix: /, cluster: "kubernetes/shop/payments:80", timeout: 60s}]}""");

    @Test
    void aPolicyIsAClusterOfItsOwnBesideTheServices() {
        MeshResources.Result result = of(Set.of(), POLICY);
        assertThat(result.policies()).containsOnlyKeys(CLUSTER);
        assertThat(result.policies().get(CLUSTER)).satisfies(policies -> {
            assertThat(policies.name()).isEqualTo(CLUSTER + "/policy");
            assertThat(policies.balancer()).isEqualTo(BalancerKind.LEAST_CONN);
            assertThat(policies.connections().connectTimeout()).isEqualTo(Duration.ofMillis(500));
            assertThat(policies.circuitBreaker()).isPresent();
            assertThat(policies.connections().protocol()).as("as the port says").isEqualTo(UpstreamProtocol.HTTP2);
        });
        assertThat(condition(result.statuses().get(0))).isEqualTo("Accepted True in force 2 2026-11-28T12:00:00Z");
    }

    @Test
    void routesAreOfEveryPortUnlessOneIsNamed() {
        MeshResources.Result result = of(Set.of(), ROUTE);
        assertThat(result.tables()).containsOnlyKeys(CLUSTER, "kubernetes/shop/payments:81");
        Route route = result.tables().get(CLUSTER).virtualHosts().get(0).routes().get(0);
        assertThat(route.timeouts().request()).isEqualTo(Duration.ofMinutes(1));
        assertThat(route.action()).isEqualTo(new Route.ToCluster(CLUSTER));
    }

    @Test
    void permissionsOfAnAccountAddUp() {
        String allow = resource("AccessPolicy", "web-only", """
            spec: {serviceAccount: payments, authorization: [{name: web, action: allow, from: ["spiffe://mesh.local/ns/shop/sa/web"], methods: [GET]}]}""");
        String deny = resource("AccessPolicy", "no-admin", "spec: {authorization: [{name: admin, action: deny, paths: [\"/admin/*\"]}]}");
        assertThat(of(Set.of(), allow, deny).access()).satisfies(access -> {
            assertThat(access).containsOnlyKeys("ns/shop/sa/payments", "ns/shop/*");
            assertThat(access.get("ns/shop/sa/payments")).extracting(AccessPolicy::name).containsExactly("shop/web-only/web");
        });
    }

    @Test
    void whatIsWrongIsNamedAndLeftOutAsAWhole() {
        refused("Invalid False spec.cluster.balancer: \"rr\" (expected: ", POLICY.replace("least_conn", "rr"));
        refused("Invalid False spec.cluster has a name", POLICY.replace("balancer:", "name: x, balancer:"));
        refused("NotFound False spec.service: \"nobody\", port 80 (expected: a service of shop)", POLICY.replace("payments", "nobody"));
        refused("NotFound False spec.service: \"payments\", port 82 (expected: a service of shop, whose ports over TCP are [80, 81])",
            POLICY.replace("port: 80", "port: 82"));
        refused("NotFound False clusters [kubernetes/bank/ledger:80] (expected: kubernetes/shop/SERVICE:PORT of services that exist)",
            ROUTE.replace("shop/payments:80", "bank/ledger:80"));
        refused("Invalid False spec.routes[0].", ROUTE.replace("prefix: /,", "prefix: x,"));
        refused("Invalid False spec: ", ROUTE.replace("timeout: 60s", "timeout: soon"));
        refused("Invalid False spec.authorization[0].action", resource("AccessPolicy", "a", "spec: {authorization: [{name: x, action: maybe}]}"));
    }

    private static void refused(String condition, String resource) {
        MeshResources.Result result = of(Set.of(), resource);
        assertThat(result.tables()).isEmpty();
        assertThat(result.policies()).isEmpty();
        assertThat(result.access()).isEmpty();
        assertThat(condition(result.statuses().get(0))).startsWith(condition);
    }

    @Test
    void theOlderIsInForceAndTheOtherIsToldWhich() {
        String younger = POLICY.replace("name: calm", "name: wild").replace("2026-11-01", "2026-11-02").replace("least_conn", "random");
        MeshResources.Result result = of(Set.of(), younger, POLICY);
        assertThat(result.policies().get(CLUSTER).balancer()).isEqualTo(BalancerKind.LEAST_CONN);
        assertThat(condition(result.statuses().get(1))).startsWith("Conflicted False ServicePolicy shop/calm is in force for service shop/payments");
        assertThat(condition(of(Set.of(CLUSTER), ROUTE).statuses().get(0))).startsWith("Conflicted False a route of the Gateway API is in force");
    }

    @Test
    void whatIsToldAlreadyIsNotToldAgain() {
        GenericKubernetesResource told = Serialization.clone((GenericKubernetesResource) of(Set.of(), POLICY).statuses().get(0));
        assertThat(of(Set.of(), Serialization.asYaml(told)).statuses()).isEmpty();
        told.getMetadata().setGeneration(3L);
        assertThat(condition(of(Set.of(), Serialization.asYaml(told)).statuses().get(0))).isEqualTo("Accepted True in force 3 2026-11-28T12:00:00Z");
    }

    private static MeshResources.Result of(Set<String> routed, String... resources) {
        Map<ResourceKind, List<GenericKubernetesResource>> all = new EnumMap<>(ResourceKind.class);
        for (ResourceKind kind : ResourceKind.values()) all.put(kind, new ArrayList<>());
        for (String each : resources) {
            GenericKubernetesResource resource = Serialization.unmarshal(each, GenericKubernetesResource.class);
            for (ResourceKind kind : ResourceKind.values()) if (kind.kind().equals(resource.getKind())) all.get(kind).add(resource);
        }
        return MeshResources.of(all, Map.of("shop/payments", List.of(port(80), port(81)), "bank/ledger", List.of(port(80))),
            Map.of(CLUSTER, UpstreamProtocol.HTTP2, "kubernetes/shop/payments:81", UpstreamProtocol.DOWNSTREAM, "kubernetes/bank/ledger:80",
                UpstreamProtocol.DOWNSTREAM), routed, NOW);
    }

    private static String resource(String kind, String name, String spec) {
        return """
            apiVersion: mesh.local/v1alpha1
            kind: KIND
            metadata: {namespace: shop, name: NAME, generation: 2, creationTimestamp: "2026-11-01T00:00:00Z"}
            """.replace("KIND", kind).replace("NAME", name) + spec;
    }

    private static String condition(HasMetadata resource) {
        Map<?, ?> status = (Map<?, ?>) ((GenericKubernetesResource) resource).getAdditionalProperties().get("status");
        Map<?, ?> condition = (Map<?, ?>) ((List<?>) status.get("conditions")).get(0);
        return condition.get("reason") + " " + condition.get("status") + " " + condition.get("message") + " " + condition.get("observedGeneration") + " "
            + condition.get("lastTransitionTime");
    }

    private static ServicePort port(int number) {
        return new ServicePortBuilder().withPort(number).build();
    }
}
