package mesh.proxy.exchange;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoField;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;

/** How long an answer asks its client to stay away (RFC 9110 section 10.2.3): seconds, or a date in any of the three forms of section 5.6.7. */
final class RetryAfter {

    /** What is longer than a year is a mistake, and may be more nanoseconds than a long has. */
    private static final long MOST_SECONDS = TimeUnit.DAYS.toSeconds(365);
    private static final int MOST_DIGITS = 10;

    private static final List<DateTimeFormatter> DATES = List.of(
        pattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'").toFormatter(Locale.US),
        // With two digits of a year the century is ours: a moment to come back at is near.
        pattern("EEEE, dd-MMM-").appendValueReduced(ChronoField.YEAR, 2, 2, 2000).appendPattern(" HH:mm:ss 'GMT'").toFormatter(Locale.US),
        pattern("EEE MMM ppd HH:mm:ss yyyy").toFormatter(Locale.US));

    private RetryAfter() {}

    /** In nanoseconds from now; 0 when the answer does not say, says it wrong, or names a moment that is gone. */
    static long nanos(Fields head, InstantSource clock) {
        String value = head.get(FieldName.RETRY_AFTER);
        if (value == null) return 0;
        long seconds = Grpc.decimal(value, MOST_DIGITS);
        if (seconds >= 0) return TimeUnit.SECONDS.toNanos(Math.min(seconds, MOST_SECONDS));
        Instant date = date(value);
        if (date == null) return 0;
        Duration left = Duration.between(clock.instant(), date);
        return left.isNegative() ? 0 : left.getSeconds() > MOST_SECONDS ? TimeUnit.SECONDS.toNanos(MOST_SECONDS) : left.toNanos();
    }

    private static Instant date(String text) {
        for (DateTimeFormatter form : DATES) {
            try {
                return LocalDateTime.parse(text, form).toInstant(ZoneOffset.UTC);
            } catch (DateTimeParseException e) {
                // Not in this form: it may be in the next.
            }
        }
        return null;
    }

    private static DateTimeFormatterBuilder pattern(String text) {
        return new DateTimeFormatterBuilder().appendPattern(text);
    }
}
