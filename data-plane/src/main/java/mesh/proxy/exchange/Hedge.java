package mesh.proxy.exchange;

import mesh.proxy.runtime.RouteHedge;

/**
 * The second try that may be made beside a request's first. It waits; then it is a rival, until one of the two brings a good answer or
 * only one is left, and then there is no more of it. On its exchange's loop only.
 */
final class Hedge {

    private final RouteHedge route;
    private final long begun;
    private Attempt rival;
    /** While it waits, when the rival begins; then, when the rival must have an answer. */
    private long due;

    /** @param begun when the request did */
    Hedge(RouteHedge route, long begun) {
        this.route = route;
        this.begun = begun;
        this.due = begun + route.begin();
    }

    /** When something is to be done. */
    long due() {
        return due;
    }

    /** Whether two tries run. */
    boolean isRacing() {
        return rival != null;
    }

    /** The second try, or null while it waits. */
    Attempt rival() {
        return rival;
    }

    boolean tryWithdraw() {
        return route.tryWithdraw();
    }

    /** @param ends when it must have an answer */
    void race(Attempt second, long ends) {
        rival = second;
        due = ends;
    }

    /** There will be no second try. */
    void stay() {
        due = Long.MAX_VALUE;
    }

    /** The first has brought a good answer, or would have brought one later than this. */
    void answered(long now) {
        route.answered(now - begun, now);
    }
}
