package mesh.model;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.Collectors;

/**
 * A request, and the rule by which a route is found as it is written down: what faster searches are held against.
 *
 * @param headers {@code name: value}, in order
 * @param query   without the question mark; null for none
 */
public record PlainRequest(String method, String host, String path, String query, List<String> headers) {

    public String target() {
        return query == null ? path : path + "?" + query;
    }

    /** The first route of a virtual host that takes it, in listed order. */
    public Optional<Route> first(List<Route> routes) {
        return routes.stream().filter(this::isTakenBy).findFirst();
    }

    public boolean isTakenBy(Route route) {
        RequestMatch conditions = route.conditions();
        return matches(route.match())
            && (conditions.methods().isEmpty() || conditions.methods().contains(method))
            && (!conditions.grpc() || Stream.of("application/grpc", "application/grpc+proto").anyMatch(type -> value("content-type").equals(Optional.of(type))))
            && conditions.headers().stream().allMatch(this::matches)
            && conditions.queryParams().stream().allMatch(this::matches);
    }

    private boolean matches(Route.PathMatch match) {
        if (match instanceof Route.Exact exact) return path.equals(exact.path());
        if (match instanceof Route.Prefix prefix) return path.startsWith(prefix.prefix());
        if (match instanceof Route.SegmentPrefix segments) return path.equals(segments.prefix()) || path.startsWith(segments.prefix() + "/");
        return Pattern.matches(((Route.Regex) match).regex(), path);
    }

    private boolean matches(HeaderMatch match) {
        Optional<String> value = value(match.name());
        if (match.value().isEmpty()) return value.isPresent() != match.invert();
        return value.isPresent() && match.value().get().matches(value.get()) != match.invert();
    }

    /** All of that name, joined. */
    private Optional<String> value(String name) {
        List<String> values = headers.stream().filter(line -> line.startsWith(name + ": ")).map(line -> line.substring(name.length() + 2)).toList();
        return values.isEmpty() ? Optional.empty() : Optional.of(values.stream().collect(Collectors.joining(",")));
    }

    private boolean matches(QueryMatch match) {
        if (query == null) return false;
        for (String parameter : query.split("&", -1)) {
            String[] parts = parameter.split("=", 2);
            if (parts[0].equals(match.name())) return match.value().isEmpty() || match.value().get().matches(parts.length == 1 ? "" : parts[1]);
        }
        return false;
    }
}
