package mesh.model;

import java.util.Optional;

/**
 * What is done to a route's requests and answers on their way.
 *
 * @param rewrite         of the path that goes upstream; empty leaves it
 * @param requestHeaders  of what goes upstream
 * @param responseHeaders of every answer, also of those that the sidecar gives itself
 * @param cors            which pages of other origins may call it; empty leaves that to the application
 * @param fault           what is made to go wrong; empty for nothing
 */
public record RouteFilters(
    Optional<PathRewrite> rewrite, HeaderChanges requestHeaders, HeaderChanges responseHeaders, Optional<CorsPolicy> cors,
    Optional<FaultPolicy> fault) {

    public static final RouteFilters NONE = new RouteFilters(Optional.empty(), HeaderChanges.NONE, HeaderChanges.NONE);

    /** Only what changes a message. */
    public RouteFilters(Optional<PathRewrite> rewrite, HeaderChanges requestHeaders, HeaderChanges responseHeaders) {
        this(rewrite, requestHeaders, responseHeaders, Optional.empty(), Optional.empty());
    }

    public RouteFilters with(CorsPolicy policy) {
        return new RouteFilters(rewrite, requestHeaders, responseHeaders, Optional.of(policy), fault);
    }

    public RouteFilters with(FaultPolicy policy) {
        return new RouteFilters(rewrite, requestHeaders, responseHeaders, cors, Optional.of(policy));
    }
}
