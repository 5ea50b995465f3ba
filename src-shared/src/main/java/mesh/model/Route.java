package mesh.model;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What matches, where it goes, and under which policies.
 *
 * @param name        for people, logs and metrics
 * @param match       on the path
 * @param conditions  on the rest of the request
 * @param action      where it goes
 * @param hostRewrite the {@code Host} sent upstream; empty leaves it as it came
 * @param timeouts    of the whole request
 * @param retry       {@link RetryPolicy#NONE} for no second try
 * @param limits      what clients may send to it
 * @param hedge       when a second try is made beside the first; empty for never
 * @param filters     what is done to requests and answers on their way
 * @param hash        what the key of a request is made of, in order; empty for requests without a key
 */
public record Route(
    String name,
    PathMatch match,
    RequestMatch conditions,
    Action action,
    Optional<String> hostRewrite,
    Timeouts timeouts,
    RetryPolicy retry,
    RouteLimits limits,
    Optional<HedgePolicy> hedge,
    RouteFilters filters,
    List<HashPolicy> hash) {

    public Route {
        Checks.name("route name", name);
        hash = List.copyOf(hash);
        HashPolicy.check(name, hash);
        hostRewrite.ifPresent(h -> Checks.authority("route \"" + name + "\" hostRewrite", h));
    }

    /** Without conditions, hedging, filters and keys. */
    public Route(
        String name, PathMatch match, Action action, Optional<String> hostRewrite, Timeouts timeouts, RetryPolicy retry, RouteLimits limits) {
        this(name, match, RequestMatch.ANY, action, hostRewrite, timeouts, retry, limits, Optional.empty(), RouteFilters.NONE, List.of());
    }

    /** Without limits. */
    public Route(String name, PathMatch match, Action action, Optional<String> hostRewrite, Timeouts timeouts, RetryPolicy retry) {
        this(name, match, action, hostRewrite, timeouts, retry, RouteLimits.NONE);
    }

    /** The same route under other conditions. */
    public Route withConditions(RequestMatch other) {
        return new Route(name, match, other, action, hostRewrite, timeouts, retry, limits, hedge, filters, hash);
    }

    /** The same route with other limits. */
    public Route withLimits(RouteLimits other) {
        return new Route(name, match, conditions, action, hostRewrite, timeouts, retry, other, hedge, filters, hash);
    }

    /** The same route with other hedging. */
    public Route withHedge(Optional<HedgePolicy> other) {
        return new Route(name, match, conditions, action, hostRewrite, timeouts, retry, limits, other, filters, hash);
    }

    /** The same route with other filters. */
    public Route withFilters(RouteFilters other) {
        return new Route(name, match, conditions, action, hostRewrite, timeouts, retry, limits, hedge, other, hash);
    }

    /** The same route with other parts of the key. */
    public Route withHash(List<HashPolicy> other) {
        return new Route(name, match, conditions, action, hostRewrite, timeouts, retry, limits, hedge, filters, other);
    }

    /** How a path is compared, with case, once its dot segments are resolved; the query never takes part. */
    public sealed interface PathMatch permits Exact, Prefix, SegmentPrefix, Regex {

        /** By whole segments, as Gateway API's {@code PathPrefix} has it: a slash at the end says nothing, and {@code /} is every path. */
        static PathMatch segments(String prefix) {
            String path = prefix.endsWith("/") && prefix.length() > 1 ? prefix.substring(0, prefix.length() - 1) : prefix;
            return path.equals("/") ? new Prefix(path) : new SegmentPrefix(path);
        }

        /** In the words of the configuration, such as {@code prefix "/api/"}. */
        String describe();
    }

    /** The whole path. */
    public record Exact(String path) implements PathMatch {
        public Exact {
            checkPath(path);
        }

        @Override
        public String describe() {
            return "exact \"" + path + "\"";
        }
    }

    /** The path begins with these characters: {@code /a} matches {@code /ab}, as in Envoy's {@code prefix}. */
    public record Prefix(String prefix) implements PathMatch {
        public Prefix {
            checkPath(prefix);
        }

        @Override
        public String describe() {
            return "prefix \"" + prefix + "\"";
        }
    }

    /**
     * The path is this one, or goes on behind it with a slash: {@code /a} matches {@code /a/b} and not {@code /ab}, as in Envoy's {@code
     * path_separated_prefix}. Made by {@link PathMatch#segments}; has no slash at its end.
     */
    public record SegmentPrefix(String prefix) implements PathMatch {
        public SegmentPrefix {
            checkPath(prefix);
            if (prefix.endsWith("/")) {
                throw new IllegalArgumentException("route path: \"" + prefix + "\" (expected: no / at its end, segments are compared)");
            }
        }

        @Override
        public String describe() {
            return "pathPrefix \"" + prefix + "\"";
        }
    }

    /** An expression in RE2's syntax matches the whole path, as in Envoy's {@code safe_regex}. */
    public record Regex(String regex) implements PathMatch {
        public Regex {
            Expressions.check("route pathRegex", regex);
        }

        @Override
        public String describe() {
            return "pathRegex \"" + regex + "\"";
        }
    }

    private static void checkPath(String path) {
        if (!path.startsWith("/") || path.indexOf('?') >= 0 || path.indexOf('#') >= 0) {
            throw new IllegalArgumentException("route path: \"" + path + "\" (expected: begins with / and has no ? or #)");
        }
    }

    /** Where a request goes. */
    public sealed interface Action permits ToCluster, ToWeightedClusters, DirectReply, Redirect {}

    /** To one cluster. */
    public record ToCluster(String cluster) implements Action {
        public ToCluster {
            Checks.name("route cluster", cluster);
        }
    }

    /** To one of several, at random in proportion to their weights. */
    public record ToWeightedClusters(List<WeightedCluster> clusters) implements Action {
        public ToWeightedClusters {
            clusters = List.copyOf(clusters);
            if (clusters.isEmpty() || clusters.stream().mapToLong(WeightedCluster::weight).sum() == 0) {
                throw new IllegalArgumentException("route weighted clusters: no weight in all (expected: at least 1)");
            }
        }
    }

    /**
     * A cluster's share.
     *
     * @param weight 0 to 1,000,000; 0 gets nothing
     */
    public record WeightedCluster(String cluster, int weight) {
        public WeightedCluster {
            Checks.name("route cluster", cluster);
            Checks.range("weight of \"" + cluster + "\"", weight, 0, 1_000_000);
        }
    }

    /**
     * The sidecar answers itself.
     *
     * @param status 200 to 599
     * @param body   UTF-8 text, may be empty
     */
    public record DirectReply(int status, String body) implements Action {
        public DirectReply {
            Checks.range("direct reply status", status, 200, 599);
        }
    }

    /**
     * The client is told to go elsewhere.
     *
     * @param scheme {@code http} or {@code https}; empty for the one it came by
     * @param host   without a port; empty for the one it asked for
     * @param port   0 to leave it, or none where {@code host} is given
     * @param path   empty leaves it
     * @param status 301, 302, 303, 307 or 308
     * @param query  whether the query goes along
     */
    public record Redirect(Optional<String> scheme, Optional<String> host, int port, Optional<PathRewrite> path, int status, boolean query)
        implements Action {

        public Redirect {
            scheme.ifPresent(s -> {
                if (!s.equals("http") && !s.equals("https")) throw new IllegalArgumentException("redirect scheme: \"" + s + "\" (expected: http or https)");
            });
            host.ifPresent(h -> {
                if (Checks.authority("redirect host", h).matches(".*:\\d+")) {
                    throw new IllegalArgumentException("redirect host: \"" + h + "\" (expected: no port in it, it has a place of its own)");
                }
            });
            Checks.range("redirect port", port, 0, 65_535);
            if (!Set.of(301, 302, 303, 307, 308).contains(status)) {
                throw new IllegalArgumentException("redirect status: " + status + " (expected: 301, 302, 303, 307 or 308)");
            }
            if (scheme.isEmpty() && host.isEmpty() && port == 0 && path.isEmpty()) {
                throw new IllegalArgumentException("redirect: goes where the request came from (expected: a scheme, host, port or path)");
            }
        }
    }
}
