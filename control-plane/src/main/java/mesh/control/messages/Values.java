package mesh.control.messages;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import mesh.model.SpiffeId;

/** Durations, times and identities, which stand in several messages. */
public final class Values {

    /** Some 10,000 years, as in Google's definition; beyond that a sum could overflow. */
    private static final long MOST_SECONDS = 315_576_000_000L;

    private Values() {}

    public static java.time.Duration duration(Duration message) {
        long seconds = Math.max(-MOST_SECONDS, Math.min(MOST_SECONDS, message.getSeconds()));
        return java.time.Duration.ofSeconds(seconds, message.getNanos());
    }

    public static Timestamp message(Instant at) {
        return Timestamp.newBuilder().setSeconds(at.getEpochSecond()).setNanos(at.getNano()).build();
    }

    public static Instant instant(Timestamp message) {
        return Instant.ofEpochSecond(message.getSeconds(), message.getNanos());
    }

    public static Duration message(java.time.Duration duration) {
        return Duration.newBuilder().setSeconds(duration.getSeconds()).setNanos(duration.getNano()).build();
    }

    /** A duration that stands at a path, checked before a record sees it because a record names it in its own words. */
    static java.time.Duration positive(String path, Duration message, Problems problems) {
        return checked(path, message, problems, "more than 0s, such as \"1s\"", false);
    }

    /** The default when it is absent. */
    static java.time.Duration notNegative(String path, boolean present, Duration message, java.time.Duration normal, Problems problems) {
        return present ? checked(path, message, problems, "0s or more, such as \"1s\"", true) : normal;
    }

    private static java.time.Duration checked(String path, Duration message, Problems problems, String expected, boolean zeroIsGood) {
        java.time.Duration d = duration(message);
        if (d.isNegative() || d.isZero() && !zeroIsGood || d.compareTo(java.time.Duration.ofHours(99999)) > 0) {
            problems.add(path, seconds(d) + " (expected: " + expected + ")");
            return java.time.Duration.ofSeconds(1);
        }
        return d;
    }

    private static String seconds(java.time.Duration d) {
        return java.math.BigDecimal.valueOf(d.getSeconds()).add(java.math.BigDecimal.valueOf(d.getNano(), 9))
            .stripTrailingZeros().toPlainString() + "s";
    }

    static Set<SpiffeId> ids(String path, List<String> texts, Problems problems) {
        Set<SpiffeId> ids = new LinkedHashSet<>();
        for (int i = 0; i < texts.size(); i++) {
            String text = texts.get(i);
            SpiffeId id = problems.read(path + "[" + i + "]", () -> SpiffeId.parse(text));
            if (id != null) {
                ids.add(id);
            }
        }
        return ids;
    }

    /** In alphabetical order, because a set has none and the same configuration shall read the same. */
    static List<String> texts(Set<SpiffeId> ids) {
        return ids.stream().map(SpiffeId::toString).sorted().toList();
    }
}
