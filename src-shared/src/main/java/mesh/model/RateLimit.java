package mesh.model;

import java.time.Duration;
import java.util.Locale;

/**
 * How many requests are let through: a bucket of {@code burst} tokens that {@code requests} more are added to in each {@code per}, one at a
 * time. Each request takes a token, and one that finds none is refused. Buckets are of one sidecar, all its event loops together.
 *
 * @param requests 1 to 1,000,000
 * @param per      50 ms (Envoy's least) to 24 h
 * @param burst    requests at once after a pause, 1 to 1,000,000; an empty bucket must be full again within 30 days
 * @param key      who has a bucket of his own
 * @param keys     buckets that can be in use at once, 16 to 4,194,304, 17 bytes each; rounded up to a power of two. Full ones are not in use,
 *                 and clients that find none share one, so that many keys make the limit narrower and never wider
 * @param shadow   requests are only counted, and all let through
 */
public record RateLimit(int requests, Duration per, int burst, Key key, int keys, boolean shadow) {

    public static final int MOST = 1_000_000;
    public static final int DEFAULT_KEYS = 65_536;
    public static final int LEAST_KEYS = 16;
    public static final int MOST_KEYS = 1 << 22;
    public static final Duration SHORTEST = Duration.ofMillis(50);
    public static final Duration LONGEST = Duration.ofHours(24);
    public static final Duration DEFAULT_PER = Duration.ofSeconds(1);

    /** In seconds; longer ones would leave the range in which a bucket's state is counted. */
    private static final double LONGEST_FILL = Duration.ofDays(30).toSeconds();

    public RateLimit {
        Checks.range("requests", requests, 1, MOST);
        Checks.positive("per", per);
        if (per.compareTo(SHORTEST) < 0 || per.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("per: " + Durations.format(per) + " (expected: 50ms to 24h)");
        }
        Checks.range("burst", burst, 1, MOST);
        Checks.range("keys", keys, LEAST_KEYS, MOST_KEYS);
        double fill = (double) burst / requests * per.toMillis() / 1000;
        if (fill > LONGEST_FILL) {
            throw new IllegalArgumentException("burst: " + burst + ", which takes " + Math.round(fill / 86_400) + " days to come back at "
                + requests + " per " + Durations.format(per) + " (expected: at most 30 days)");
        }
    }

    /** Enforced, with as much at once as there is in one {@code per}. */
    public static RateLimit of(int requests, Duration per, Key key) {
        return new RateLimit(requests, per, requests, key, DEFAULT_KEYS, false);
    }

    /** By what clients are told apart. Those that have none of it share one bucket. */
    public sealed interface Key permits Everyone, PeerIdentity, ClientAddress, Header {

        String EXPECTED = "global, spiffe_id, address, or header: and a name";

        /** Reads what {@link #text} writes; throws an IllegalArgumentException that names the text. */
        static Key parse(String text) {
            return switch (text) {
                case "global" -> new Everyone();
                case "spiffe_id" -> new PeerIdentity();
                case "address" -> new ClientAddress();
                default -> {
                    if (!text.startsWith("header:")) {
                        throw new IllegalArgumentException("\"" + text + "\" (expected: " + EXPECTED + ")");
                    }
                    yield new Header(text.substring("header:".length()));
                }
            };
        }

        String text();
    }

    /** By nothing: one bucket for all. */
    public record Everyone() implements Key {
        @Override
        public String text() {
            return "global";
        }
    }

    /** By the SPIFFE id that the client has proved. */
    public record PeerIdentity() implements Key {
        @Override
        public String text() {
            return "spiffe_id";
        }
    }

    /** By the client's address, an IPv6 one by its first 64 bits; through {@code x-forwarded-for} where the listener trusts hops before it. */
    public record ClientAddress() implements Key {
        @Override
        public String text() {
            return "address";
        }
    }

    /** By a request field's first value. @param name of the field; kept in lower case */
    public record Header(String name) implements Key {
        public Header {
            if (!name.matches("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")) {
                throw new IllegalArgumentException("\"header:" + name + "\" (expected: a field name after header:, such as header:x-api-key)");
            }
            name = name.toLowerCase(Locale.ROOT);
        }

        @Override
        public String text() {
            return "header:" + name;
        }
    }
}
