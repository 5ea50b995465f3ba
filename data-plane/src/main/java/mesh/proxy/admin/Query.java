package mesh.proxy.admin;

import com.google.re2j.Pattern;
import io.vertx.core.MultiMap;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import mesh.model.Expressions;

/** What a page is asked for. A parameter that means nothing here is a mistake to tell, not one to overlook: errors are IllegalArgumentExceptions. */
final class Query {

    private final MultiMap parameters;

    /** @param known what may be asked for */
    Query(MultiMap parameters, List<String> known) {
        this.parameters = parameters;
        for (String name : parameters.names()) {
            if (!known.contains(name)) {
                throw new IllegalArgumentException(
                    "parameter: \"" + name + "\" (expected: " + (known.isEmpty() ? "none" : "one of " + known) + ")");
            }
        }
    }

    Optional<String> text(String name) {
        return Optional.ofNullable(parameters.get(name));
    }

    /** One of the choices; the first where nothing is asked for. */
    String choice(String name, String... choices) {
        String value = parameters.get(name);
        if (value == null) return choices[0];
        if (!List.of(choices).contains(value)) {
            throw new IllegalArgumentException(name + ": \"" + value + "\" (expected: one of " + Arrays.toString(choices) + ")");
        }
        return value;
    }

    /** In RE2's syntax; null where nothing is asked for. */
    Pattern expression(String name) {
        String value = parameters.get(name);
        return value == null ? null : Expressions.check(name, value);
    }

    /** Whether it is there, with or without {@code =true}. */
    boolean flag(String name) {
        String value = parameters.get(name);
        if (value != null && !List.of("", "true", "false").contains(value)) {
            throw new IllegalArgumentException(name + ": \"" + value + "\" (expected: true, false or nothing)");
        }
        return value != null && !value.equals("false");
    }
}
