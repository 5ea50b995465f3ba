package mesh.model;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/**
 * What is done to a route's requests and answers on their way.
 *
 * @param rewrite         of the path that goes upstream; empty leaves it
 * @param requestHeaders  of what goes upstream
 * @param responseHeaders of every answer, also of those that the sidecar gives itself
 * @param cors            which pages of other origins may call it; empty leaves that to the application
 * @param fault           what is made to go wrong; empty for nothing
 * @param mirrors         which clusters get copies of its requests; none twice
 */
public record RouteFilters(
    Optional<PathRewrite> rewrite, HeaderChanges requestHeaders, HeaderChanges responseHeaders, Optional<CorsPolicy> cors,
    Optional<FaultPolicy> fault, List<Mirror> mirrors) {

    public static final RouteFilters NONE = new RouteFilters(Optional.empty(), HeaderChanges.NONE, HeaderChanges.NONE);

    public RouteFilters {
        mirrors = List.copyOf(mirrors);
        List<String> clusters = mirrors.stream().map(Mirror::cluster).toList();
        if (new HashSet<>(clusters).size() < clusters.size()) {
            throw new IllegalArgumentException("mirrors: " + clusters + " (expected: no cluster twice)");
        }
    }

    /** Only what changes a message. */
    public RouteFilters(Optional<PathRewrite> rewrite, HeaderChanges requestHeaders, HeaderChanges responseHeaders) {
        this(rewrite, requestHeaders, responseHeaders, Optional.empty(), Optional.empty(), List.of());
    }

    public RouteFilters with(CorsPolicy policy) {
        return new RouteFilters(rewrite, requestHeaders, responseHeaders, Optional.of(policy), fault, mirrors);
    }

    public RouteFilters with(FaultPolicy policy) {
        return new RouteFilters(rewrite, requestHeaders, responseHeaders, cors, Optional.of(policy), mirrors);
    }

    public RouteFilters with(Mirror... to) {
        return new RouteFilters(rewrite, requestHeaders, responseHeaders, cors, fault, List.of(to));
    }
}
