package mesh.model;

/**
 * Who a workload is: {@code spiffe://mesh.local/payments}.
 *
 * @param trustDomain who vouches
 * @param path        begins with '/'; segments of letters, digits, '.', '-', '_', none empty, "." or ".." (SPIFFE-ID section 2.2)
 */
public record SpiffeId(TrustDomain trustDomain, String path) implements Comparable<SpiffeId> {

    private static final String SCHEME = "spiffe://";

    public SpiffeId {
        String problem = problemOf(path);
        if (problem != null || trustDomain.uri().length() + path.length() > 2048) {
            throw new IllegalArgumentException("spiffe path: \"" + path + "\" (expected: "
                + (problem == null ? "at most 2048 bytes in all" : problem) + ")");
        }
    }

    /**
     * Reads an identity as it stands in a certificate or a configuration.
     *
     * @throws IllegalArgumentException naming the text and what was expected; a trust domain without a path is refused
     */
    public static SpiffeId parse(String text) {
        int slash = text.startsWith(SCHEME) ? text.indexOf('/', SCHEME.length()) : -1;
        if (slash < 0) {
            throw invalid(text, null);
        }
        try {
            return new SpiffeId(new TrustDomain(text.substring(SCHEME.length(), slash)), text.substring(slash));
        } catch (IllegalArgumentException e) {
            throw invalid(text, e);
        }
    }

    private static IllegalArgumentException invalid(String text, Throwable cause) {
        return new IllegalArgumentException("\"" + text + "\" (expected: a SPIFFE id such as spiffe://mesh.local/payments)", cause);
    }

    private static String problemOf(String path) {
        if (path.length() < 2 || path.charAt(0) != '/') {
            return "a path such as /payments";
        }
        for (String segment : path.substring(1).split("/", -1)) {
            if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
                return "no empty, \".\" or \"..\" segments";
            }
            for (int i = 0; i < segment.length(); i++) {
                char c = segment.charAt(i);
                boolean known = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_';
                if (!known) {
                    return "letters, digits, '.', '-', '_'";
                }
            }
        }
        return null;
    }

    /** The path without its leading slash: the workload's name as {@link Scope} and {@code service} labels use it. */
    public String workload() {
        return path.substring(1);
    }

    @Override
    public int compareTo(SpiffeId other) {
        return toString().compareTo(other.toString());
    }

    /** As it stands in a certificate. */
    @Override
    public String toString() {
        return SCHEME + trustDomain.name() + path;
    }
}
