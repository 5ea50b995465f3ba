package mesh.proxy.http2;

/**
 * How the streams that ended last have ended: what still comes for one is judged by that (RFC 9113 section 5.1). Those that ended longer
 * ago are forgotten; by then the peer knows. Resets are kept apart, so that many good ends do not push them out.
 */
final class ClosedStreams {

    enum How {
        /** Not known, or never opened. */
        UNKNOWN,
        /** Both sides had said all. */
        ENDED,
        RESET_BY_PEER,
        /** The peer may not know yet, and what it has sent meanwhile is in order. */
        RESET_BY_US
    }

    private static final int ENDED_KEPT = 64;
    /** Several times what can be open at once. */
    private static final int RESETS_KEPT = 512;

    private final int[] ended = new int[ENDED_KEPT];
    /** Negative for those that the peer has reset. Made with the first. */
    private int[] resets;
    private int nextEnded;
    private int nextReset;

    void add(int id, How how) {
        if (how == How.ENDED) {
            ended[nextEnded++ & ENDED_KEPT - 1] = id;
            return;
        }
        if (resets == null) resets = new int[RESETS_KEPT];
        resets[nextReset++ & RESETS_KEPT - 1] = how == How.RESET_BY_PEER ? -id : id;
    }

    How get(int id) {
        if (resets != null) {
            for (int reset : resets) {
                if (reset == id) return How.RESET_BY_US;
                if (reset == -id) return How.RESET_BY_PEER;
            }
        }
        for (int each : ended) {
            if (each == id) return How.ENDED;
        }
        return How.UNKNOWN;
    }
}
