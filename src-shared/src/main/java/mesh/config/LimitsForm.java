package mesh.config;

import java.time.Duration;
import java.util.Optional;
import mesh.model.Durations;
import mesh.model.ListenerLimits;
import mesh.model.RateLimit;
import mesh.model.RouteLimits;

/** What clients may cost a listener and a route. */
final class LimitsForm {

    private LimitsForm() {}

    /** The section {@code limits} of a listener; none when there is none. */
    static ListenerLimits listener(Section listener, boolean tcp) {
        return listener.section("limits").map(s -> {
            if (tcp) {
                s.refuse("rate", "beside protocol tcp", "only with protocol http");
            }
            Optional<RateLimit> rate = s.section("rate").map(LimitsForm::rate);
            int hops = s.integer("trustedHops", 0, 0, ListenerLimits.MOST_HOPS);
            s.end();
            return s.make(() -> new ListenerLimits(rate, hops));
        }).orElse(ListenerLimits.NONE);
    }

    /** Keys of the route itself. */
    static RouteLimits route(Section s) {
        return new RouteLimits(s.section("rateLimit").map(LimitsForm::rate));
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
