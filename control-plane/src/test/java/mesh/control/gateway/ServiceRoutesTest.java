package mesh.control.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.ServicePortBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GRPCRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.RouteParentStatus;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import mesh.model.Route;
import mesh.model.RouteTable;
import org.junit.jupiter.api.Test;

class ServiceRoutesTest {

    private static final Instant NOW = Instant.parse("2026-11-28T12:00:00Z");
    private static final Map<String, List<ServicePort>> SERVICES = Map.of("shop/payments", List.of(port(80), port(81)), "shop/next", List.of(port(80)),
        "bank/ledger", List.of(port(80)));
    private static final Set<String> CLUSTERS =
        Set.of("kubernetes/shop/payments:80", "kubernetes/shop/payments:81", "kubernetes/shop/next:80", "kubernetes/bank/ledger:80");
    private static final String CANARY = http("canary", """
        rules:
          - matches: [{path: {type: PathPrefix, value: /pay}, method: POST, headers: [{name: X-Canary, value: "yes"}], queryParams: [{name: v, value: "2"}]}]
            filters:
              - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-via, value: mesh}], remove: [x-debug]}}
              - {type: URLRewrite, urlRewrite: {hostname: pay.internal, path: {type: ReplacePrefixMatch, replacePrefixMatch: /v2}}}
            backendRefs: [{name: payments, port: 80, weight: 9}, {name: next, port: 80, weight: 1}]
            timeouts: {request: 1m30s, backendRequest: 500ms}
            retry: {attempts: 2, codes: [503], backoff: 10ms}
          - backendRefs: [{name: payments, port: 80}]""");

    @Test
    void aRuleIsARouteOfItsService() {
        ServiceRoutes.Result result = of(CANARY);

        RouteTable table = result.tables().get(0);
        assertThat(table.name()).isEqualTo("kubernetes/shop/payments:80");
        assertThat(table.order()).isEqualTo(RouteTable.Order.SPECIFIC);
        Route canary = table.virtualHosts().get(0).routes().get(0);
        assertThat(canary.match().describe()).isEqualTo("pathPrefix \"/pay\"");
        assertThat(canary.conditions().methods()).containsExactly("POST");
        assertThat(canary.action()).isEqualTo(new Route.ToWeightedClusters(List.of(new Route.WeightedCluster("kubernetes/shop/payments:80", 9),
            new Route.WeightedCluster("kubernetes/shop/next:80", 1))));
        assertThat(canary.hostRewrite()).contains("pay.internal");
        assertThat(canary.filters().requestHeaders().remove()).containsExactly("x-debug");
        assertThat(canary.timeouts().request()).isEqualTo(Duration.ofSeconds(90));
        assertThat(canary.retry().attempts()).isEqualTo(3);
        assertThat(canary.retry().perTryTimeout()).isEqualTo(Duration.ofMillis(500));
        assertThat(canary.retry().retriableStatusCodes()).containsExactly(503);
        assertThat(table.virtualHosts().get(0).routes().get(1).action()).isEqualTo(new Route.ToCluster("kubernetes/shop/payments:80"));
        assertThat(conditions(result.statuses().get(0))).extracting(Condition::getType, Condition::getStatus, Condition::getReason,
            Condition::getObservedGeneration, Condition::getLastTransitionTime).containsExactly(
                tuple("Accepted", "True", "Accepted", 3L, "2026-11-28T12:00:00Z"), tuple("ResolvedRefs", "True", "ResolvedRefs", 3L, "2026-11-28T12:00:00Z"));
    }

    @Test
    void whatLeadsNowhereIsNamedAndItsShareFails() {
        ServiceRoutes.Result result = of(http("broken", """
            rules:
              - matches: [{path: {value: /a}}]
                backendRefs: [{name: gone, port: 80}, {name: ledger, namespace: bank, port: 80}]
              - backendRefs: [{name: payments, port: 80}, {name: bucket, kind: Bucket, group: x.example}]"""));

        List<Route> routes = result.tables().get(0).virtualHosts().get(0).routes();
        assertThat(routes.get(0).action()).isEqualTo(new Route.DirectReply(500, ""));
        assertThat(routes.get(1).action()).isEqualTo(new Route.ToWeightedClusters(List.of(new Route.WeightedCluster("kubernetes/shop/payments:80", 1),
            new Route.WeightedCluster(ServiceRoutes.NOWHERE, 1))));
        assertThat(conditions(result.statuses().get(0)).get(0).getStatus()).isEqualTo("True");
        assertThat(conditions(result.statuses().get(0)).get(1)).satisfies(resolved -> {
            assertThat(resolved.getStatus()).isEqualTo("False");
            assertThat(resolved.getReason()).isEqualTo("BackendNotFound");
            assertThat(resolved.getMessage()).contains("\"gone\", port 80", "\"ledger\" in namespace \"bank\"", "Bucket \"bucket\"");
        });
    }

    @Test
    void aRouteThatCannotBeMeantIsLeftOutAsAWhole() {
        refused("UnsupportedValue", "rules[1]: filter ExtensionRef (expected: ", """
            rules:
              - backendRefs: [{name: payments, port: 80}]
              - filters: [{type: ExtensionRef, extensionRef: {group: x.example, kind: Y, name: z}}]""");
        refused("UnsupportedValue", "rules[0]: route pathRegex", """
            rules: [{matches: [{path: {type: RegularExpression, value: "(a"}}]}]""");
        refused("UnsupportedValue", "rules[0]: header \"Host\"", """
            rules: [{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [Host]}}]}]""");
        refused("UnsupportedValue", "rules[0]: sessionPersistence", """
            rules: [{sessionPersistence: {sessionName: x}}]""");
    }

    private static void refused(String reason, String message, String rules) {
        ServiceRoutes.Result result = of(http("refused", rules));
        assertThat(result.tables()).isEmpty();
        assertThat(conditions(result.statuses().get(0)).get(0)).satisfies(accepted -> {
            assertThat(accepted.getStatus()).isEqualTo("False");
            assertThat(accepted.getReason()).isEqualTo(reason);
            assertThat(accepted.getMessage()).startsWith(message);
        });
    }

    @Test
    void aParentThatIsNotThereIsNamed() {
        assertThat(accepted(of(http("a", "rules: []").replace("name: payments, port: 80", "name: nobody"))))
            .extracting(Condition::getReason, Condition::getMessage)
            .containsExactly("NoMatchingParent", "service shop/nobody (expected: one that exists)");
        assertThat(accepted(of(http("a", "rules: []").replace("port: 80", "port: 82"))).getMessage()).contains("no such port", "[80, 81]");
        assertThat(accepted(of(http("a", "rules: []").replace("name: payments", "name: ledger, namespace: bank"))).getReason())
            .isEqualTo("NotAllowedByListeners");
    }

    @Test
    void theOlderOfTwoKindsIsInForceAndTheOtherIsToldWhich() {
        GRPCRoute grpc = Serialization.unmarshal("""
            apiVersion: gateway.networking.k8s.io/v1
            kind: GRPCRoute
            metadata: {namespace: shop, name: calls, creationTimestamp: "2026-11-01T00:00:00Z"}
            spec:
              parentRefs: [{group: "", kind: Service, name: payments, port: 80}]
              rules:
                - matches: [{method: {service: shop.Payments, method: Pay}}, {method: {type: RegularExpression, method: "Get.*"}}]
                  backendRefs: [{name: payments, port: 80}]""", GRPCRoute.class);
        ServiceRoutes.Result result = ServiceRoutes.of(List.of(parsed(CANARY)), List.of(grpc), SERVICES, CLUSTERS, NOW);

        assertThat(result.tables()).singleElement().satisfies(table -> assertThat(table.virtualHosts().get(0).routes()).extracting(each ->
            each.match().describe() + " " + each.conditions().grpc()).containsExactly("exact \"/shop.Payments/Pay\" true", "pathRegex \"/[^/]+/(Get.*)\" true"));
        assertThat(conditions(result.statuses().get(1)).get(0)).extracting(Condition::getReason, Condition::getMessage).containsExactly("Conflicted",
            "GRPCRoute shop/calls, which is older, is in force for service shop/payments (expected: routes of one kind for a port)");
    }

    @Test
    void routesOfOneKindAddUpTheOldestFirst() {
        HTTPRoute older = parsed(http("zebra", "rules: [{backendRefs: [{name: next, port: 80}]}]"));
        older.getMetadata().setCreationTimestamp("2026-11-01T00:00:00Z");
        ServiceRoutes.Result result = ServiceRoutes.of(List.of(parsed(CANARY), older), List.of(), SERVICES, CLUSTERS, NOW);
        assertThat(result.tables().get(0).virtualHosts().get(0).routes()).extracting(Route::name)
            .containsExactly("shop/zebra/0/0", "shop/canary/0/0", "shop/canary/1/0");
    }

    @Test
    void whatIsToldAlreadyIsNotToldAgainAndWhatOthersToldStays() {
        HTTPRoute told = (HTTPRoute) of(CANARY).statuses().get(0);
        told.getStatus().getParents().add(0, new HTTPRouteBuilder().withNewStatus().addNewParent().withControllerName("example.com/gateway")
            .endParent().endStatus().build().getStatus().getParents().get(0));
        assertThat(ServiceRoutes.of(List.of(told), List.of(), SERVICES, CLUSTERS, NOW.plusSeconds(60)).statuses()).isEmpty();

        told.getMetadata().setGeneration(4L);
        HasMetadata next = ServiceRoutes.of(List.of(told), List.of(), SERVICES, CLUSTERS, NOW.plusSeconds(60)).statuses().get(0);
        assertThat(((HTTPRoute) next).getStatus().getParents()).extracting(RouteParentStatus::getControllerName)
            .containsExactly("example.com/gateway", RouteConditions.CONTROLLER);
        Condition accepted = ((HTTPRoute) next).getStatus().getParents().get(1).getConditions().get(0);
        assertThat(accepted.getObservedGeneration()).isEqualTo(4);
        assertThat(accepted.getLastTransitionTime()).as("as it is since then").isEqualTo("2026-11-28T12:00:00Z");
    }

    @Test
    void aRouteOfGatewaysIsNotOurs() {
        ServiceRoutes.Result result = of(CANARY.replace("group: \"\", kind: Service,", ""));
        assertThat(result.tables()).isEmpty();
        assertThat(result.statuses()).isEmpty();
    }

    private static ServiceRoutes.Result of(String route) {
        return ServiceRoutes.of(List.of(parsed(route)), List.of(), SERVICES, CLUSTERS, NOW);
    }

    private static HTTPRoute parsed(String route) {
        return Serialization.unmarshal(route, HTTPRoute.class);
    }

    private static String http(String name, String rules) {
        return """
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata: {namespace: shop, name: NAME, generation: 3, creationTimestamp: "2026-11-02T00:00:00Z"}
            spec:
              parentRefs: [{group: "", kind: Service, name: payments, port: 80}]
            """.replace("NAME", name) + rules.indent(2);
    }

    private static List<Condition> conditions(HasMetadata route) {
        return ((HTTPRoute) route).getStatus().getParents().get(0).getConditions();
    }

    private static Condition accepted(ServiceRoutes.Result result) {
        return conditions(result.statuses().get(0)).get(0);
    }

    private static ServicePort port(int number) {
        return new ServicePortBuilder().withPort(number).build();
    }
}
