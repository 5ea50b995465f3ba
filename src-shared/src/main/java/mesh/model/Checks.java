package mesh.model;

import java.time.Duration;

/** The checks that records make of themselves; messages have the form {@code name: value (expected: …)}. */
final class Checks {

    private Checks() {}

    static String name(String what, String value) {
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException(what + ": \"" + (value == null ? "" : value) + "\" (expected: a name)");
        }
        if (value.length() > 255) {
            throw new IllegalArgumentException(what + ": " + value.length() + " characters (expected: at most 255)");
        }
        for (int i = 0; i < value.length(); i++) {
            if (value.charAt(i) <= ' ' || value.charAt(i) == 0x7f) {
                throw new IllegalArgumentException(what + ": \"" + value.strip() + "\" (expected: no blanks or control characters)");
            }
        }
        return value;
    }

    /** What can stand in a {@code Host}. */
    static String authority(String what, String value) {
        name(what, value);
        if (!value.matches("(\\[[0-9A-Fa-f:.]+]|[A-Za-z0-9._~!$&'()*+,;=-]+)(:\\d{1,5})?")) {
            throw new IllegalArgumentException(what + ": \"" + value + "\" (expected: host or host:port)");
        }
        return value;
    }

    static int range(String what, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(what + ": " + value + " (expected: " + min + " to " + max + ")");
        }
        return value;
    }

    static Duration positive(String what, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(what + ": " + Durations.format(value) + " (expected: more than 0)");
        }
        return notTooLong(what, value);
    }

    static Duration notNegative(String what, Duration value) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(what + ": " + Durations.format(value) + " (expected: >= 0)");
        }
        return notTooLong(what, value);
    }

    private static Duration notTooLong(String what, Duration value) {
        if (value.compareTo(Durations.MAX) > 0) {
            throw new IllegalArgumentException(what + ": " + Durations.format(value) + " (expected: at most 99999h)");
        }
        return value;
    }
}
