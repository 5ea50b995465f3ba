package mesh.model;

import java.util.List;
import java.util.Optional;
import mesh.model.Route.PathMatch;

/**
 * Which gRPC calls, in gRPC's words. It stands for what the wire says (gRPC over HTTP/2): the method {@code POST}, a content type of
 * {@code application/grpc}, and the path {@code /service/method}. Without a method the path is the prefix {@code /service/}, without a
 * service it is the expression {@code /[^/]+/method}, and without both it is whatever the route says.
 *
 * @param service with its package, such as {@code shop.Payments}
 */
public record GrpcCall(Optional<String> service, Optional<String> method) {

    public GrpcCall {
        service.ifPresent(name -> check("service", name, "[A-Za-z_][A-Za-z0-9_.]{0,254}", "with its package, such as shop.Payments"));
        method.ifPresent(name -> check("method", name, "[A-Za-z_][A-Za-z0-9_]{0,254}", "a method's name, such as Pay"));
    }

    private static void check(String what, String name, String form, String expected) {
        if (!name.matches(form)) {
            throw new IllegalArgumentException("match grpc " + what + ": \"" + name + "\" (expected: " + expected + ")");
        }
    }

    /** Empty when it names neither. */
    public Optional<PathMatch> path() {
        if (service.isEmpty()) return method.map(name -> new Route.Regex("/[^/]+/" + name));
        String prefix = "/" + service.get() + "/";
        return Optional.of(method.<PathMatch>map(name -> new Route.Exact(prefix + name)).orElseGet(() -> new Route.Prefix(prefix)));
    }

    /** The same conditions for gRPC alone. */
    public static RequestMatch only(RequestMatch match) {
        return new RequestMatch(List.of("POST"), true, match.headers(), match.queryParams());
    }
}
