package mesh.config;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import mesh.model.Durations;
import mesh.model.HttpLimits;
import mesh.model.ListenerLimits;
import mesh.model.RateLimit;
import mesh.model.RouteLimits;

/** What clients may cost a listener and a route. */
final class LimitsForm {

    private static final int MOST_MEMORY_MIB = 1 << 20;

    private LimitsForm() {}

    /** The section {@code limits} of a listener; none when there is none. */
    static ListenerLimits listener(Section listener, boolean tcp) {
        return listener.section("limits").map(s -> {
            if (tcp) {
                List.of("rate", "trustedHops", "maxBodyBytes", "http").forEach(key -> s.refuse(key, "beside protocol tcp", "only with protocol http"));
            }
            Optional<RateLimit> rate = s.section("rate").map(LimitsForm::rate);
            int hops = s.integer("trustedHops", 0, 0, ListenerLimits.MOST_HOPS);
            int connections = s.integer("maxConnections", 0, 1, ListenerLimits.MOST_CONNECTIONS);
            long body = body(s);
            HttpLimits http = s.section("http").map(LimitsForm::http).orElse(HttpLimits.DEFAULT);
            s.end();
            return s.make(() -> new ListenerLimits(rate, hops, connections, body, http));
        }).orElse(ListenerLimits.NONE);
    }

    /** What connections may hold, of the whole file. */
    static OptionalLong memory(Section root) {
        int mib = root.integer("memoryBudgetMib", 0, 1, MOST_MEMORY_MIB);
        return mib == 0 ? OptionalLong.empty() : OptionalLong.of((long) mib << 20);
    }

    /** Keys of the route itself. */
    static RouteLimits route(Section s) {
        return new RouteLimits(s.section("rateLimit").map(LimitsForm::rate), body(s));
    }

    private static long body(Section s) {
        Long bytes = s.read("maxBodyBytes", 0L, text -> {
            long n = text.matches("[0-9]{1,16}") ? Long.parseLong(text) : 0;
            if (n < 1 || n > ListenerLimits.MOST_BODY_BYTES) {
                throw new IllegalArgumentException("\"" + text + "\" (expected: a whole number from 1 to " + ListenerLimits.MOST_BODY_BYTES + ")");
            }
            return n;
        });
        return bytes == null ? 0 : bytes;
    }

    private static HttpLimits http(Section s) {
        HttpLimits normal = HttpLimits.DEFAULT;
        int headKib = s.integer("headKib", normal.headKib(), 1, HttpLimits.MOST_KIB);
        int fields = s.integer("fields", normal.fields(), 1, HttpLimits.MOST);
        int streams = s.integer("streams", normal.streams(), 1, HttpLimits.MOST);
        Duration head = s.duration("headTimeout", normal.headTimeout(), false);
        Duration idle = s.duration("idleTimeout", normal.idleTimeout(), false);
        s.end();
        return s.make(() -> new HttpLimits(headKib, fields, streams, head, idle));
    }

    private static RateLimit rate(Section s) {
        Integer requests = s.required("requests", "a number of requests", text -> Values.integer(text, 1, RateLimit.MOST));
        Duration per = s.read("per", RateLimit.DEFAULT_PER, LimitsForm::per);
        int burst = s.integer("burst", requests == null ? 1 : requests, 1, RateLimit.MOST);
        RateLimit.Key key = s.read("key", new RateLimit.Everyone(), RateLimit.Key::parse);
        int keys = s.integer("keys", RateLimit.DEFAULT_KEYS, RateLimit.LEAST_KEYS, RateLimit.MOST_KEYS);
        boolean shadow = Boolean.TRUE.equals(s.flag("shadow", false));
        s.end();
        return s.make(() -> new RateLimit(requests, per, burst, key, keys, shadow));
    }

    private static Duration per(String text) {
        Duration per = Durations.parse(text);
        if (per.compareTo(RateLimit.SHORTEST) < 0 || per.compareTo(RateLimit.LONGEST) > 0) {
            throw new IllegalArgumentException("\"" + text + "\" (expected: 50ms to 24h)");
        }
        return per;
    }
}
