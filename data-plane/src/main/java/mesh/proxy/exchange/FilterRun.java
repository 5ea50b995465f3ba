package mesh.proxy.exchange;

import java.util.List;
import java.util.random.RandomGenerator;
import mesh.model.FaultPolicy;
import mesh.proxy.filter.CorsRules;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;
import mesh.proxy.http.HttpVersion;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.runtime.CompiledFilters;
import mesh.proxy.runtime.RouteMirror;

/** What a route's filters do to one request and its answer; there is none where the route has no filters. On its exchange's loop only. */
final class FilterRun {

    private final CompiledFilters filters;
    /** Of the page that asks, where it is allowed to; else null. */
    private final String origin;
    private boolean preflight;
    private boolean delayed;
    /** Who is to get a copy once the request is here as a whole. */
    private List<RouteMirror> mirrors = List.of();

    FilterRun(CompiledFilters filters, RequestHead request) {
        this.filters = filters;
        this.origin = filters.cors() == null ? null : filters.cors().allowed(request);
    }

    /** Whether the request is a browser's question, which is answered here. */
    boolean isPreflight(RequestHead request) {
        preflight = origin != null && CorsRules.isPreflight(request);
        return preflight;
    }

    /** The answer to it. */
    ResponseHead preflight() {
        return filters.cors().preflight();
    }

    /** How long the request is held up on purpose; 0 for not at all. */
    long delayNanos(RequestHead request, RandomGenerator random) {
        long delay = filters.faults() == null ? 0 : filters.faults().delayNanos(request, random);
        delayed = delay > 0;
        return delay;
    }

    boolean isDelayed() {
        return delayed;
    }

    /** What the request is answered on purpose, or null. */
    FaultPolicy.Status abort(RequestHead request, RandomGenerator random) {
        return filters.faults() == null ? null : filters.faults().abort(request, random);
    }

    /** The head is about to go upstream. @return false when its path cannot be rewritten to one */
    boolean onRequest(RequestHead head, RandomGenerator random) {
        if (!filters.mirrors().isEmpty() && !head.isUpgrade()) {
            mirrors = filters.mirrors().stream().filter(each -> each.isDrawn(random)).toList();
        }
        if (filters.requestEdits() != null) filters.requestEdits().apply(head);
        if (filters.rewrite() == null) return true;
        if (!filters.rewrite().apply(head)) return false;
        if (head.isRewritten()) head.set(FieldName.X_ENVOY_ORIGINAL_PATH, head.askedTarget());
        return true;
    }

    /**
     * The request is here as a whole, and is copied to whom it is to be copied to; not if too much of it has come to be kept, or it has been
     * answered before.
     *
     * @param trailers null for none
     */
    void mirror(ClientSession session, HttpVersion client, RequestHead head, RequestBody body, Fields trailers) {
        if (mirrors.isEmpty()) return;
        if (!body.isReplayable()) {
            end(session, body);
            return;
        }
        List<RouteMirror> to = mirrors;
        mirrors = List.of();
        for (RouteMirror each : to) new MirrorCopy(session, each, MirrorCopy.shadow(head), body.copy(), MirrorCopy.copy(trailers)).send(client);
    }

    /** No copies will be made any more. */
    void end(ClientSession session, RequestBody body) {
        for (int i = 0; i < mirrors.size(); i++) session.metrics().mirrored(body.isFull() ? "too_large" : "incomplete");
        mirrors = List.of();
    }

    /** An answer is about to go to the client, whoever gives it. */
    void onResponse(ResponseHead head) {
        // As in Envoy, whose router comes before its other filters on the way back, and hears nothing of preflights.
        if (filters.responseEdits() != null && !preflight) filters.responseEdits().apply(head);
        if (filters.cors() != null) filters.cors().decorate(head, origin);
    }
}
