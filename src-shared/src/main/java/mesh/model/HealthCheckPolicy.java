package mesh.model;

import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * How endpoints are asked whether they are well. Words are Envoy's ({@code HealthCheck}), and so are the defaults where it has any; those
 * of the interval, the timeout and the thresholds, which Envoy has not, are Contour's ({@code internal/envoy/healthcheck.go}).
 *
 * @param check                 what is asked
 * @param interval              from one check's end to the next one's beginning; default 10 s
 * @param intervalJitterPercent by up to this much of it an interval is longer, by chance, so that many sidecars do not ask at once; 0 to
 *                              100, default 20 (Envoy's is 0)
 * @param initialJitter         the first check of an endpoint is put off by chance, by this at most; default none
 * @param timeout               until the answer is there, connecting included; default 2 s
 * @param unhealthyThreshold    checks in a row without an answer after which an endpoint is unhealthy, 1 to 1000; default 3. An answer
 *                              that says so is enough at once
 * @param healthyThreshold      checks in a row that an unhealthy endpoint has to pass, 1 to 1000; default 2. For a new one the first is enough
 * @param noTrafficInterval     in place of the interval as long as nothing was ever sent to the cluster; default 60 s
 * @param reuseConnection       whether a connection is kept from one check to the next; default true. Checks of TCP always make their own
 */
public record HealthCheckPolicy(
    Check check,
    Duration interval,
    int intervalJitterPercent,
    Duration initialJitter,
    Duration timeout,
    int unhealthyThreshold,
    int healthyThreshold,
    Duration noTrafficInterval,
    boolean reuseConnection) {

    public static final int MOST = 1000;

    /** What is asked. */
    public sealed interface Check permits Http, Tcp, Grpc {}

    /**
     * A request, by the cluster's protocol, or HTTP/1.1 where that is the client's.
     *
     * @param host      sent as {@code Host}; empty means the cluster's name
     * @param path      with a query, if need be
     * @param method    default GET; not CONNECT
     * @param expected  statuses that say it is well; default 200
     * @param retriable other statuses, of which it takes as many as of missing answers; any other makes it unhealthy at once
     * @param headers   sent along, in this order
     */
    public record Http(
        Optional<String> host, String path, String method, List<Statuses> expected, List<Statuses> retriable, List<Header> headers)
        implements Check {

        public static final List<Statuses> OK = List.of(new Statuses(200, 200));
        private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH");

        public Http {
            host.ifPresent(h -> Checks.authority("http host", h));
            if (!path.startsWith("/") || !path.chars().allMatch(c -> c > ' ' && c < 0x7f && c != '#')) {
                throw new IllegalArgumentException("http path: \"" + path + "\" (expected: begins with / and has no #, blanks or control characters)");
            }
            if (!METHODS.contains(method)) {
                throw new IllegalArgumentException("http method: \"" + method + "\" (expected: " + String.join(", ", METHODS.stream().sorted().toList()) + ")");
            }
            expected = List.copyOf(expected);
            retriable = List.copyOf(retriable);
            headers = List.copyOf(headers);
            if (expected.isEmpty()) throw new IllegalArgumentException("http expected statuses: none (expected: at least one, such as 200)");
        }

        /** A GET that 200 is expected of. */
        public static Http get(String path) {
            return new Http(Optional.empty(), path, "GET", OK, List.of(), List.of());
        }
    }

    /** A range of statuses, 100 to 599, both ends among them. */
    public record Statuses(int first, int last) {

        public Statuses {
            Checks.range("first status", first, 100, 599);
            Checks.range("last status", last, first, 599);
        }

        /** {@code 200} or {@code 200-299}. */
        public static Statuses parse(String text) {
            if (!text.matches("[1-5][0-9]{2}(-[1-5][0-9]{2})?")) {
                throw new IllegalArgumentException("\"" + text + "\" (expected: a status such as 200, or a range such as 200-299)");
            }
            int first = Integer.parseInt(text.substring(0, 3));
            int last = text.length() == 3 ? first : Integer.parseInt(text.substring(4));
            if (last < first) throw new IllegalArgumentException("\"" + text + "\" (expected: a range such as 200-299)");
            return new Statuses(first, last);
        }

        public String text() {
            return first == last ? Integer.toString(first) : first + "-" + last;
        }

        public boolean contains(int status) {
            return status >= first && status <= last;
        }
    }

    /**
     * A field of the request.
     *
     * @param name in lower case; none that says how a request is framed or where it goes
     */
    public record Header(String name, String value) {

        private static final Set<String> OTHERS = Set.of("host", "connection", "content-length", "transfer-encoding", "upgrade", "te", "trailer",
            "keep-alive", "proxy-connection", "expect");

        public Header {
            name = name.toLowerCase(Locale.ROOT);
            if (!name.matches("[a-z0-9!#$%&'*+.^_`|~-]+") || OTHERS.contains(name)) {
                throw new IllegalArgumentException("header name: \"" + name + "\" (expected: a field name, and none of connections or framing)");
            }
            if (!value.chars().allMatch(c -> c >= ' ' && c < 0x7f) || !value.equals(value.strip())) {
                throw new IllegalArgumentException("header " + name + ": \"" + value.strip() + "\" (expected: printable ASCII without blanks around it)");
            }
        }
    }

    /**
     * A connection, and what is said on it.
     *
     * @param send    in hex; empty for nothing
     * @param receive what must come, each in hex, in this order, with anything between; empty where a connection is enough
     */
    public record Tcp(String send, List<String> receive) implements Check {

        public static final Tcp CONNECT = new Tcp("", List.of());

        /** Of what is sent, and of all that is awaited. */
        private static final int MOST_BYTES = 4096;

        public Tcp {
            send = hex("tcp send", send);
            receive = receive.stream().map(each -> hex("tcp receive", each)).toList();
            if (receive.contains("")) throw new IllegalArgumentException("tcp receive: \"\" (expected: at least one byte in hex)");
            if (send.length() / 2 > MOST_BYTES || receive.stream().mapToInt(String::length).sum() / 2 > MOST_BYTES) {
                throw new IllegalArgumentException("tcp payload: too long (expected: at most " + MOST_BYTES + " bytes each way)");
            }
        }

        private static String hex(String what, String text) {
            try {
                return HexFormat.of().formatHex(HexFormat.of().parseHex(text));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(what + ": \"" + text + "\" (expected: bytes in hex, such as 50494e47)", e);
            }
        }
    }

    /**
     * {@code grpc.health.v1.Health/Check}; SERVING is well.
     *
     * @param service   that is asked for; empty for the server as a whole
     * @param authority empty means the cluster's name
     */
    public record Grpc(String service, Optional<String> authority) implements Check {

        public Grpc {
            if (service.length() > 255) throw new IllegalArgumentException("grpc service: " + service.length() + " characters (expected: at most 255)");
            authority.ifPresent(a -> Checks.authority("grpc authority", a));
        }
    }

    /** With the defaults for everything else. */
    public static HealthCheckPolicy of(Check check) {
        return new HealthCheckPolicy(
            check, Duration.ofSeconds(10), 20, Duration.ZERO, Duration.ofSeconds(2), 3, 2, Duration.ofSeconds(60), true);
    }

    public HealthCheckPolicy {
        if (check == null) throw new IllegalArgumentException("check: missing (expected: http, tcp or grpc)");
        Checks.positive("interval", interval);
        Checks.range("intervalJitterPercent", intervalJitterPercent, 0, 100);
        Checks.notNegative("initialJitter", initialJitter);
        Checks.positive("timeout", timeout);
        Checks.range("unhealthyThreshold", unhealthyThreshold, 1, MOST);
        Checks.range("healthyThreshold", healthyThreshold, 1, MOST);
        Checks.positive("noTrafficInterval", noTrafficInterval);
    }
}
