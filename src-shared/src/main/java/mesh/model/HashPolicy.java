package mesh.model;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * One of the parts of a request that its key is made of, for balancers that choose by key. The parts of a list are combined; a part that a
 * request does not have is passed over, and a request that has none of them has no key. Envoy's {@code RouteAction.HashPolicy}.
 *
 * @param by       what is looked at
 * @param terminal whether what comes after it is left out, once there is a key
 */
public record HashPolicy(By by, boolean terminal) {

    private static final String TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}";

    /** Goes on with the next. */
    public HashPolicy(By by) {
        this(by, false);
    }

    /** Refuses a list in which two cookies would be made for one answer. */
    static void check(String route, List<HashPolicy> policies) {
        if (policies.stream().filter(each -> each.by instanceof Cookie cookie && cookie.ttl.isPresent()).count() > 1) {
            throw new IllegalArgumentException("route \"" + route + "\" hashPolicy: two cookies with a ttl (expected: one at most)");
        }
    }

    public sealed interface By permits Header, Cookie, SourceAddress, PeerIdentity {

        String EXPECTED = "header: or cookie: and a name, address, or spiffe_id";

        /** Reads what {@link #text} writes; a cookie has no ttl and path then. */
        static By parse(String text) {
            if (text.startsWith("header:")) return new Header(text.substring("header:".length()));
            if (text.startsWith("cookie:")) return new Cookie(text.substring("cookie:".length()), Optional.empty(), "");
            return switch (text) {
                case "address" -> new SourceAddress();
                case "spiffe_id" -> new PeerIdentity();
                default -> throw new IllegalArgumentException("\"" + text + "\" (expected: " + EXPECTED + ")");
            };
        }

        String text();

        /** Whether it is known of a connection, before anything is sent. */
        default boolean ofConnections() {
            return this instanceof SourceAddress || this instanceof PeerIdentity;
        }
    }

    /**
     * A request field's values.
     *
     * @param name of the field; kept in lower case. {@code :path} for path and query, {@code :authority} for the host that is asked for
     */
    public record Header(String name) implements By {
        public Header {
            if (!name.matches(TOKEN + "|:path|:authority")) {
                throw new IllegalArgumentException("\"header:" + name + "\" (expected: a field name after header:, such as header:x-user)");
            }
            name = name.toLowerCase(Locale.ROOT);
        }

        @Override
        public String text() {
            return "header:" + name;
        }
    }

    /**
     * A cookie's value.
     *
     * @param name of the cookie
     * @param ttl  present: a client that comes without one is given one with its answer, for so long, 0 for as long as its browser runs
     * @param path where that one is good; "" for the path it was given at
     */
    public record Cookie(String name, Optional<Duration> ttl, String path) implements By {
        public Cookie {
            if (!name.matches(TOKEN)) {
                throw new IllegalArgumentException("\"cookie:" + name + "\" (expected: a cookie's name after cookie:, such as cookie:session)");
            }
            ttl.ifPresent(t -> {
                Checks.notNegative("cookie ttl", t);
                if (t.getNano() != 0) throw new IllegalArgumentException("cookie ttl: " + Durations.format(t) + " (expected: whole seconds)");
            });
            if (!path.isEmpty() && !path.matches("/[!-:<-~]{0,1023}")) {
                throw new IllegalArgumentException("cookie path: \"" + path + "\" (expected: begins with / and has no blanks and no ;)");
            }
            if (ttl.isEmpty() && !path.isEmpty()) {
                throw new IllegalArgumentException("cookie path: \"" + path + "\" without a ttl (expected: a ttl beside it, or neither)");
            }
        }

        @Override
        public String text() {
            return "cookie:" + name;
        }
    }

    /** The address that the client has connected from, without its port. */
    public record SourceAddress() implements By {
        @Override
        public String text() {
            return "address";
        }
    }

    /** The SPIFFE id that the client has proved. */
    public record PeerIdentity() implements By {
        @Override
        public String text() {
            return "spiffe_id";
        }
    }
}
