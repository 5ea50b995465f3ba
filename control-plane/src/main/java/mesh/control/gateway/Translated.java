package mesh.control.gateway;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GRPCRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.ParentReference;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.RouteParentStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import mesh.model.Route;

/**
 * A route of the Gateway API, in our words.
 *
 * @param object     as it is
 * @param parents    those that are services
 * @param told       its status, of every controller
 * @param routes     none where it is refused
 * @param unresolved what its {@code backendRefs} name and is not there
 * @param refused    why all of it is left out
 */
record Translated(
    HasMetadata object, List<ParentReference> parents, List<RouteParentStatus> told, List<Route> routes, List<Backends.Unresolved> unresolved,
    Optional<String> refused) {

    static Translated of(HTTPRoute route, Set<String> clusters) {
        List<RouteParentStatus> told = route.getStatus() == null ? List.of() : Rule.present(route.getStatus().getParents());
        return of(route, route.getSpec().getParentRefs(), told, Rule.present(route.getSpec().getRules()), Rule::of, clusters);
    }

    static Translated of(GRPCRoute route, Set<String> clusters) {
        List<RouteParentStatus> told = route.getStatus() == null ? List.of() : Rule.present(route.getStatus().getParents());
        return of(route, route.getSpec().getParentRefs(), told, Rule.present(route.getSpec().getRules()), Rule::of, clusters);
    }

    private static <T> Translated of(
        HasMetadata object, List<ParentReference> parents, List<RouteParentStatus> told, List<T> rules, Function<T, Rule> read, Set<String> clusters) {
        List<ParentReference> own = Rule.present(parents).stream().filter(each -> "Service".equals(each.getKind()) && "".equals(each.getGroup())).toList();
        Backends backends = new Backends(object.getMetadata().getNamespace(), clusters);
        List<Route> routes = new ArrayList<>();
        Optional<String> refused = Optional.empty();
        for (int i = 0; i < rules.size() && refused.isEmpty(); i++) {
            try {
                routes.addAll(RuleRoutes.of(read.apply(rules.get(i)), key(object) + "/" + i, backends));
            } catch (RefusedRoute | IllegalArgumentException e) {
                refused = Optional.of("rules[" + i + "]: " + e.getMessage());
            }
        }
        return new Translated(object, own, told, refused.isPresent() ? List.of() : routes, backends.unresolved(), refused);
    }

    private static String key(HasMetadata object) {
        return object.getMetadata().getNamespace() + "/" + object.getMetadata().getName();
    }

    String kind() {
        return object.getKind();
    }

    String namespace() {
        return object.getMetadata().getNamespace();
    }

    /** {@code namespace/name}. */
    String name() {
        return key(object);
    }

    String created() {
        return Objects.requireNonNullElse(object.getMetadata().getCreationTimestamp(), "");
    }
}
