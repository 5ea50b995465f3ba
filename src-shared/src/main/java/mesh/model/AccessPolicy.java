package mesh.model;

import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import mesh.model.Route.PathMatch;

/**
 * Whose requests of what kind a listener lets through, or not. It is about a request of which all of this holds; a list that is empty asks
 * nothing. What a policy denies is denied; where any policy allows, a request needs one that allows it (Istio's and Envoy's order).
 *
 * @param name    unique among the listener's policies; it stands in the log and the metric of what it refuses
 * @param dryRun  only told, in metric and log
 * @param from    one of these is the peer
 * @param paths   one of these, exact paths and prefixes, is the path, as it is forwarded and without its query
 * @param methods one of these is the method
 * @param headers each holds
 */
public record AccessPolicy(String name, Action action, boolean dryRun, List<PeerMatch> from, List<PathMatch> paths, List<String> methods,
    List<HeaderMatch> headers) {

    /** Denials first, as they are asked; by name within. Which is first changes nothing but whose name is told. */
    public static final Comparator<AccessPolicy> ORDER = Comparator.comparing(AccessPolicy::action).thenComparing(AccessPolicy::name);

    private static final int MOST = 256;

    /** What becomes of a request that it is about. */
    public enum Action {
        DENY, ALLOW;

        /** @throws IllegalArgumentException naming the text and what was expected */
        public static Action parse(String text) {
            for (Action each : values()) if (each.text().equals(text)) return each;
            throw new IllegalArgumentException("\"" + text + "\" (expected: allow or deny)");
        }

        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public AccessPolicy {
        Checks.name("authorization name", name);
        from = List.copyOf(from);
        paths = List.copyOf(paths);
        headers = List.copyOf(headers);
        methods = new RequestMatch(methods, false, headers, List.of()).methods();
        if (paths.stream().anyMatch(path -> !(path instanceof Route.Exact) && !(path instanceof Route.Prefix))) {
            throw new IllegalArgumentException("authorization \"" + name + "\" paths: " + paths + " (expected: exact paths and prefixes)");
        }
        if (from.size() > MOST || paths.size() > MOST) {
            throw new IllegalArgumentException("authorization \"" + name + "\": " + Math.max(from.size(), paths.size())
                + " in one list (expected: at most " + MOST + ")");
        }
    }

    /** Sorted, and each name once. */
    static List<AccessPolicy> checked(String listener, List<AccessPolicy> policies) {
        Set<String> names = new HashSet<>();
        for (AccessPolicy policy : policies) {
            if (!names.add(policy.name)) {
                throw new IllegalArgumentException("listener \"" + listener + "\" authorization \"" + policy.name + "\" twice (expected: once)");
            }
        }
        return policies.stream().sorted(ORDER).toList();
    }

    /** {@code /admin}, or {@code /admin/*} for all that begins with what stands before the star. */
    public static PathMatch path(String text) {
        boolean prefix = text.endsWith("*");
        String path = prefix ? text.substring(0, text.length() - 1) : text;
        if (!path.startsWith("/") || path.matches(".*[*?#;%\\s].*") || path.contains("//")) {
            throw new IllegalArgumentException("\"" + text + "\" (expected: a path such as /admin, or /admin/*)");
        }
        return prefix ? new Route.Prefix(path) : new Route.Exact(path);
    }

    /** As {@link #path} reads it. */
    public static String text(PathMatch path) {
        return path instanceof Route.Prefix prefix ? prefix.prefix() + "*" : ((Route.Exact) path).path();
    }
}
