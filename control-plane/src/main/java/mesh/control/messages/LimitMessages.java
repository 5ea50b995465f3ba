package mesh.control.messages;

import java.time.Duration;
import java.util.Optional;
import mesh.model.ListenerLimits;
import mesh.model.RateLimit;
import mesh.model.RouteLimits;

/** {@code mesh.v1.RateLimit} and {@code mesh.v1.ListenerLimits}, to the model and back. */
final class LimitMessages {

    private LimitMessages() {}

    /** Null when there were problems. */
    static ListenerLimits decode(mesh.v1.Listener m, String path, Problems problems) {
        if (!m.hasLimits()) {
            return ListenerLimits.NONE;
        }
        mesh.v1.ListenerLimits limits = m.getLimits();
        String at = path + ".limits";
        if (m.getProtocol().equals("tcp") && limits.hasRate()) {
            problems.add(at + ".rate", "beside protocol tcp (expected: only with protocol http)");
        }
        Optional<RateLimit> rate = limits.hasRate() ? rate(limits.getRate(), at + ".rate", problems) : Optional.empty();
        return problems.read(at, () -> new ListenerLimits(rate, limits.getTrustedHops()));
    }

    static RouteLimits decode(mesh.v1.Route m, String path, Problems problems) {
        return new RouteLimits(m.hasRateLimit() ? rate(m.getRateLimit(), path + ".rate_limit", problems) : Optional.empty());
    }

    /** Empty when there were problems. */
    private static Optional<RateLimit> rate(mesh.v1.RateLimit m, String path, Problems problems) {
        Duration per = m.hasPer() ? Values.positive(path + ".per", m.getPer(), problems) : RateLimit.DEFAULT_PER;
        int burst = m.getBurst() == 0 ? m.getRequests() : m.getBurst();
        int keys = m.getKeys() == 0 ? RateLimit.DEFAULT_KEYS : m.getKeys();
        RateLimit.Key key = m.getKey().isEmpty() ? new RateLimit.Everyone() : problems.read(path + ".key", () -> RateLimit.Key.parse(m.getKey()));
        return Optional.ofNullable(problems.read(path, () -> new RateLimit(m.getRequests(), per, burst, key, keys, m.getShadow())));
    }

    static void encode(ListenerLimits limits, mesh.v1.Listener.Builder m) {
        if (limits.equals(ListenerLimits.NONE)) {
            return;
        }
        mesh.v1.ListenerLimits.Builder message = m.getLimitsBuilder().setTrustedHops(limits.trustedHops());
        limits.rate().ifPresent(rate -> message.setRate(encode(rate)));
    }

    static void encode(RouteLimits limits, mesh.v1.Route.Builder m) {
        limits.rate().ifPresent(rate -> m.setRateLimit(encode(rate)));
    }

    private static mesh.v1.RateLimit encode(RateLimit rate) {
        return mesh.v1.RateLimit.newBuilder().setRequests(rate.requests()).setPer(Values.message(rate.per())).setBurst(rate.burst())
            .setKey(rate.key().text()).setKeys(rate.keys()).setShadow(rate.shadow()).build();
    }
}
