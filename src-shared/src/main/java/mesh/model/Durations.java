package mesh.model;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Durations as text: {@code 500ms}, {@code 10s}, {@code 1m30s}. The grammar is the Gateway API's (GEP-2257): one to four numbers of
 * at most five digits, each with a unit out of h, m, s, ms.
 */
public final class Durations {

    /** The longest one the grammar can say in one term. */
    static final Duration MAX = Duration.ofHours(99999);

    private static final Pattern WHOLE = Pattern.compile("^([0-9]{1,5}(h|m|s|ms)){1,4}$");
    private static final Pattern TERM = Pattern.compile("([0-9]{1,5})(ms|h|m|s)");

    private Durations() {}

    /**
     * Reads a duration.
     *
     * @throws IllegalArgumentException naming the text and what was expected
     */
    public static Duration parse(String text) {
        if (!WHOLE.matcher(text).matches()) {
            throw new IllegalArgumentException("\"" + text + "\" (expected: a duration such as 500ms or 2s)");
        }
        Duration sum = Duration.ZERO;
        Matcher term = TERM.matcher(text);
        while (term.find()) {
            long n = Long.parseLong(term.group(1));
            sum = sum.plus(switch (term.group(2)) {
                case "h" -> Duration.ofHours(n);
                case "m" -> Duration.ofMinutes(n);
                case "s" -> Duration.ofSeconds(n);
                default -> Duration.ofMillis(n);
            });
        }
        return sum;
    }

    /** The shortest text that {@link #parse} reads back to the same duration, to the millisecond; {@code 0s} for none. */
    public static String format(Duration d) {
        if (d.isNegative()) {
            return "-" + format(d.negated());
        }
        StringBuilder text = new StringBuilder();
        append(text, d.toHours(), "h");
        append(text, d.toMinutesPart(), "m");
        append(text, d.toSecondsPart(), "s");
        append(text, d.toMillisPart(), "ms");
        return text.isEmpty() ? "0s" : text.toString();
    }

    private static void append(StringBuilder text, long n, String unit) {
        if (n != 0) {
            text.append(n).append(unit);
        }
    }
}
