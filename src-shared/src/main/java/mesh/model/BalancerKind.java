package mesh.model;

/** How a cluster chooses among its endpoints. */
public enum BalancerKind {
    /** In turn, each as often as its weight says, smoothly spread. */
    ROUND_ROBIN("round_robin"),
    /** The one with the fewest requests in flight for its weight. */
    LEAST_CONN("least_conn"),
    /** At random, in proportion to the weights. */
    RANDOM("random"),
    /** The one that would answer soonest, by its latency and what waits there. */
    PEAK_EWMA("peak_ewma"),
    /** The one that a request's key belongs to, on a ring: when one goes, only its keys move. */
    RING_HASH("ring_hash"),
    /** As above by a table, which is more even and quicker, and moves a few more keys. */
    MAGLEV("maglev");

    private final String text;

    BalancerKind(String text) {
        this.text = text;
    }

    /** The name in configuration. */
    public String text() {
        return text;
    }

    /** Whether it goes by what requests have in them. */
    public boolean byKey() {
        return this == RING_HASH || this == MAGLEV;
    }

    /** @throws IllegalArgumentException naming the text and every name that is known */
    public static BalancerKind parse(String text) {
        for (BalancerKind kind : values()) {
            if (kind.text.equals(text)) {
                return kind;
            }
        }
        throw new IllegalArgumentException("\"" + text + "\" (expected: one of round_robin, least_conn, random, peak_ewma, ring_hash, maglev)");
    }
}
