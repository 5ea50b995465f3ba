package mesh.model;

import java.util.Optional;

/**
 * What is done to a route's requests and answers on their way.
 *
 * @param rewrite         of the path that goes upstream; empty leaves it
 * @param requestHeaders  of what goes upstream
 * @param responseHeaders of every answer, also of those that the sidecar gives itself
 */
public record RouteFilters(Optional<PathRewrite> rewrite, HeaderChanges requestHeaders, HeaderChanges responseHeaders) {

    public static final RouteFilters NONE = new RouteFilters(Optional.empty(), HeaderChanges.NONE, HeaderChanges.NONE);

    /** Whether anything is said of what goes upstream. */
    public boolean concernUpstream() {
        return rewrite.isPresent() || !requestHeaders.isEmpty();
    }
}
