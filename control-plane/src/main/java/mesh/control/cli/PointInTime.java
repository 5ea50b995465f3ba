package mesh.control.cli;

import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;

/** A time as people give it: in full, or as the time of day that they saw on a clock. */
final class PointInTime {

    private PointInTime() {}

    static Instant parse(String text, InstantSource clock, ZoneId zone) {
        try {
            return Instant.parse(text);
        } catch (DateTimeParseException notInFull) {
            try {
                return LocalDate.ofInstant(clock.instant(), zone).atTime(LocalTime.parse(text)).atZone(zone).toInstant();
            } catch (DateTimeParseException e) {
                throw new IllegalArgumentException("\"" + text + "\" (expected: a time such as 2026-11-28T14:03:00Z, or 14:03 for today)");
            }
        }
    }
}
