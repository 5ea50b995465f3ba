package mesh.model;

/**
 * Which requests of a listener are written down, and where.
 *
 * @param format of a line
 * @param file   a path, {@value #STDOUT} or {@value #STDERR}
 * @param sample the share of its requests that is written, drawn for each by chance when it has ended
 * @param errors whether failures are written beside the sample: an answer of 5xx, any of the flags of failures, a gRPC status that stands
 *               for a 5xx; true for a sample of all
 */
public record AccessLogPolicy(Format format, String file, Percent sample, boolean errors) {

    public static final String STDOUT = "/dev/stdout";
    public static final String STDERR = "/dev/stderr";
    private static final int LONGEST_PATH = 4096;

    /** Every request, a line of text to standard output. */
    public static final AccessLogPolicy DEFAULT = new AccessLogPolicy(Format.TEXT, STDOUT, Percent.ALL, true);

    public AccessLogPolicy {
        if (!file.startsWith("/") || file.length() > LONGEST_PATH || file.chars().anyMatch(c -> c < ' ' || c == 0x7f)) {
            throw new IllegalArgumentException("access log file: \"" + file + "\" (expected: an absolute path, " + STDOUT + " or " + STDERR + ")");
        }
        errors |= sample.equals(Percent.ALL);
        if (sample.millionths() == 0 && !errors) {
            throw new IllegalArgumentException("access log: sample 0 without errors (expected: a sample, or errors, or no access log)");
        }
    }

    /** How a line looks; {@link AccessLogField} says what is in it. */
    public enum Format {
        /** An object. */
        JSON,
        /** Values in the order of the fields, in brackets, quotes or bare. */
        TEXT;

        public String text() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }

        /** @throws IllegalArgumentException naming the text and what was expected */
        public static Format parse(String text) {
            for (Format each : values()) {
                if (each.text().equals(text)) return each;
            }
            throw new IllegalArgumentException("\"" + text + "\" (expected: json or text)");
        }
    }
}
