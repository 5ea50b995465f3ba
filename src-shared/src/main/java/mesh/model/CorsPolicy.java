package mesh.model;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Which pages of other origins may call a route, as the Fetch standard has it (CORS). Browsers keep to it; it keeps nobody else out.
 *
 * @param allowOrigins     at least one
 * @param allowMethods     told to preflights; {@code *} for all, as below
 * @param allowHeaders     of requests, told to preflights
 * @param exposeHeaders    of answers, told with each
 * @param maxAge           how long a browser may remember a preflight, in whole seconds; empty for the browser's own
 * @param allowCredentials whether cookies and certificates go along; not for origin {@code *}, which would be everybody's
 */
public record CorsPolicy(
    List<Origin> allowOrigins, List<String> allowMethods, List<String> allowHeaders, List<String> exposeHeaders, Optional<Duration> maxAge,
    boolean allowCredentials) {

    public static final Exact ANY = new Exact("*");

    public CorsPolicy {
        allowOrigins = List.copyOf(allowOrigins);
        allowMethods = List.copyOf(allowMethods);
        allowHeaders = List.copyOf(allowHeaders);
        exposeHeaders = List.copyOf(exposeHeaders);
        if (allowOrigins.isEmpty()) {
            throw new IllegalArgumentException("cors allowOrigins: none (expected: at least one, such as https://shop.example)");
        }
        for (List<String> names : List.of(allowMethods, allowHeaders, exposeHeaders)) names.forEach(CorsPolicy::checkToken);
        maxAge.ifPresent(age -> {
            if (Checks.notNegative("cors maxAge", age).getNano() != 0) {
                throw new IllegalArgumentException("cors maxAge: " + Durations.format(age) + " (expected: whole seconds)");
            }
        });
        if (allowCredentials && allowOrigins.contains(ANY)) {
            throw new IllegalArgumentException("cors allowOrigins: \"*\" beside allowCredentials"
                + " (expected: origins by name, or every page could act for its visitor)");
        }
    }

    private static void checkToken(String name) {
        if (!name.matches("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")) {
            throw new IllegalArgumentException("cors: \"" + name + "\" (expected: a method or a field name, such as GET or x-team)");
        }
    }

    /** Which origins. */
    public sealed interface Origin permits Exact, Prefix, Regex {

        /** Reads what {@link #text} writes; throws an IllegalArgumentException that names the text. */
        static Origin parse(String text) {
            if (text.startsWith("prefix:")) return new Prefix(text.substring("prefix:".length()));
            if (text.startsWith("regex:")) return new Regex(text.substring("regex:".length()));
            return new Exact(text);
        }

        String text();
    }

    /** One, as browsers write it; {@code *} for any. */
    public record Exact(String origin) implements Origin {
        public Exact {
            if (!origin.matches("\\*|null|[a-zA-Z][a-zA-Z0-9+.-]*://[^/\\s]+")) {
                throw new IllegalArgumentException("cors origin: \"" + origin
                    + "\" (expected: *, scheme://host[:port] such as https://shop.example, prefix: or regex:)");
            }
        }

        @Override
        public String text() {
            return origin;
        }
    }

    /** Those that begin so. End it with what ends a host: {@code https://shop.example} begins {@code https://shop.example.evil}. */
    public record Prefix(String prefix) implements Origin {
        public Prefix {
            if (prefix.isEmpty()) throw new IllegalArgumentException("cors origin: \"prefix:\" (expected: what an origin begins with behind it)");
        }

        @Override
        public String text() {
            return "prefix:" + prefix;
        }
    }

    /** Those that an expression in RE2's syntax matches as a whole. */
    public record Regex(String regex) implements Origin {
        public Regex {
            Expressions.check("cors origin regex", regex);
        }

        @Override
        public String text() {
            return "regex:" + regex;
        }
    }
}
