package mesh.model;

import java.util.Optional;

/**
 * What a parameter of a request's query must be: the first of its name, both compared as they stand there, escapes and all, as in Envoy.
 *
 * @param name  1 to 1024 visible characters of ASCII, none of {@code & = #}
 * @param value empty asks only that it is there
 */
public record QueryMatch(String name, Optional<TextMatch> value) {

    public QueryMatch {
        if (!name.matches("[!-~&&[^&=#]]{1,1024}")) {
            throw new IllegalArgumentException("match queryParam: \"" + name.replaceAll("[^ -~]", "?") + "\" (expected: a parameter's name as it stands in"
                + " a query, such as version)");
        }
    }

    /** In the words of the configuration, without the name. */
    public String describe() {
        return value.map(TextMatch::describe).orElse("present");
    }

    /** Whether every request of which the other holds is one of which this one holds; false where that cannot be told. */
    boolean isImpliedBy(QueryMatch other) {
        if (!name.equals(other.name)) return false;
        if (value.isEmpty() || value.equals(other.value)) return true;
        return other.value.orElse(null) instanceof TextMatch.Exact exact && value.get().matches(exact.text());
    }
}
