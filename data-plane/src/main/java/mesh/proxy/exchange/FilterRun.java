package mesh.proxy.exchange;

import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.runtime.CompiledFilters;

/** What a route's filters do to one request and its answer; there is none where the route has no filters. On its exchange's loop only. */
final class FilterRun {

    private final CompiledFilters filters;

    FilterRun(CompiledFilters filters) {
        this.filters = filters;
    }

    /** The head is about to go upstream. @return false when its path cannot be rewritten to one */
    boolean onRequest(RequestHead head) {
        if (filters.requestEdits() != null) filters.requestEdits().apply(head);
        if (filters.rewrite() == null) return true;
        if (!filters.rewrite().apply(head)) return false;
        head.set(FieldName.X_ENVOY_ORIGINAL_PATH, head.askedTarget());
        return true;
    }

    /** An answer is about to go to the client, whoever gives it. */
    void onResponse(ResponseHead head) {
        if (filters.responseEdits() != null) filters.responseEdits().apply(head);
    }
}
