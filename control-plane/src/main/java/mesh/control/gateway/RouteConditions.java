package mesh.control.gateway;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GRPCRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GRPCRouteBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.ParentReference;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.RouteParentStatus;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.RouteParentStatusBuilder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** What a route is told about each of its parents: {@code Accepted} and {@code ResolvedRefs}. What other controllers have written stays. */
final class RouteConditions {

    /** By it the statuses are ours. */
    static final String CONTROLLER = "mesh.local/services";
    static final Acceptance ACCEPTED = new Acceptance(true, "Accepted", "in force");

    /** @param reason the Gateway API's, or {@code Conflicted} */
    record Acceptance(boolean accepted, String reason, String message) {}

    private RouteConditions() {}

    static Acceptance refused(String reason, String message) {
        return new Acceptance(false, reason, message);
    }

    /** The route with another status; empty where it says so already. */
    static Optional<HasMetadata> changed(Translated route, Map<ParentReference, Acceptance> parents, Instant now) {
        List<RouteParentStatus> next = route.told().stream().filter(each -> !CONTROLLER.equals(each.getControllerName()))
            .collect(Collectors.toCollection(ArrayList::new));
        parents.forEach((parent, acceptance) -> next.add(new RouteParentStatusBuilder().withParentRef(parent).withControllerName(CONTROLLER)
            .withConditions(condition(route, parent, "Accepted", acceptance, now), condition(route, parent, "ResolvedRefs", resolved(route), now)).build()));
        return new HashSet<>(next).equals(new HashSet<>(route.told())) ? Optional.empty() : Optional.of(with(route.object(), next));
    }

    private static Acceptance resolved(Translated route) {
        if (route.unresolved().isEmpty()) return new Acceptance(true, "ResolvedRefs", "every name leads somewhere");
        return refused(route.unresolved().get(0).reason(),
            route.unresolved().stream().map(Backends.Unresolved::message).distinct().collect(Collectors.joining("; ")));
    }

    private static Condition condition(Translated route, ParentReference parent, String type, Acceptance acceptance, Instant now) {
        String status = acceptance.accepted() ? "True" : "False";
        String since = route.told().stream().filter(each -> CONTROLLER.equals(each.getControllerName()) && parent.equals(each.getParentRef()))
            .flatMap(each -> each.getConditions().stream()).filter(each -> type.equals(each.getType()) && status.equals(each.getStatus()))
            .map(Condition::getLastTransitionTime).findFirst().orElse(now.truncatedTo(ChronoUnit.SECONDS).toString());
        return new ConditionBuilder().withType(type).withStatus(status).withReason(acceptance.reason()).withMessage(acceptance.message())
            .withObservedGeneration(route.object().getMetadata().getGeneration()).withLastTransitionTime(since).build();
    }

    private static HasMetadata with(HasMetadata route, List<RouteParentStatus> parents) {
        if (route instanceof HTTPRoute http) return new HTTPRouteBuilder(http).withNewStatus().withParents(parents).endStatus().build();
        return new GRPCRouteBuilder((GRPCRoute) route).withNewStatus().withParents(parents).endStatus().build();
    }
}
