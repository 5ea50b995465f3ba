package mesh.proxy.outcome;

import java.util.StringJoiner;

/** What is to be known of how a request went, in Envoy's letters with commas between; for the access log and for spans. */
public final class ResponseFlags {

    /** Its policy would have tried it again, but its tries or its cluster's budget were used up. */
    public static final String NO_RETRIES_LEFT = "URX";
    /** Its policy would have tried it again, but too many of its cluster were being retried. */
    public static final String NO_ROOM_TO_RETRY = "UO";

    private ResponseFlags() {}

    /**
     * All that hold.
     *
     * @param delayed   on purpose
     * @param failure   null for none
     * @param unretried one of those above, null for none
     * @return "" for none
     */
    public static String of(boolean delayed, Failure failure, String unretried) {
        if (!delayed && unretried == null) return failure == null ? "" : failure.flag();
        StringJoiner flags = new StringJoiner(",");
        if (delayed) flags.add("DI");
        if (failure != null) flags.add(failure.flag());
        if (unretried != null && (failure == null || !failure.flag().equals(unretried))) flags.add(unretried);
        return flags.toString();
    }
}
