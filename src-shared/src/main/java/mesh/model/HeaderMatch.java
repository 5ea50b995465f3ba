package mesh.model;

import java.util.Locale;
import java.util.Optional;

/**
 * What a request's field must be. Several of one name count as one with their values joined by commas (RFC 9110 section 5.3).
 *
 * @param name   a field's name, kept in lower case
 * @param value  empty asks only that it is there
 * @param invert the opposite: with a value, that the field is there and is not so, as in Envoy and gRPC; without one, that it is not there
 */
public record HeaderMatch(String name, Optional<TextMatch> value, boolean invert) {

    public HeaderMatch {
        if (!name.matches("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")) {
            throw new IllegalArgumentException("match header: \"" + name + "\" (expected: a field name such as x-canary)");
        }
        name = name.toLowerCase(Locale.ROOT);
    }

    public static HeaderMatch is(String name, TextMatch value) {
        return new HeaderMatch(name, Optional.of(value), false);
    }

    public static HeaderMatch present(String name) {
        return new HeaderMatch(name, Optional.empty(), false);
    }

    public static HeaderMatch absent(String name) {
        return new HeaderMatch(name, Optional.empty(), true);
    }

    /** In the words of the configuration, without the name. */
    public String describe() {
        if (value.isEmpty()) return invert ? "absent" : "present";
        return (invert ? "not " : "") + value.get().describe();
    }

    /** Whether every request of which the other holds is one of which this one holds; false where that cannot be told. */
    boolean isImpliedBy(HeaderMatch other) {
        if (equals(other)) return true;
        if (!name.equals(other.name) || invert) return false;
        if (value.isEmpty()) return other.value.isPresent();
        return !other.invert && other.value.orElse(null) instanceof TextMatch.Exact exact && value.get().matches(exact.text());
    }
}
