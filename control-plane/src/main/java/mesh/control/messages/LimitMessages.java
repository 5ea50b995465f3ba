package mesh.control.messages;

import java.time.Duration;
import java.util.Optional;
import mesh.model.HttpLimits;
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
        if (m.getProtocol().equals("tcp") && (limits.hasRate() || limits.getMaxBodyBytes() != 0 || limits.hasHttp())) {
            problems.add(at, "of requests beside protocol tcp (expected: only max_connections, or protocol http)");
        }
        Optional<RateLimit> rate = limits.hasRate() ? rate(limits.getRate(), at + ".rate", problems) : Optional.empty();
        HttpLimits http = limits.hasHttp() ? http(limits.getHttp(), at + ".http", problems) : HttpLimits.DEFAULT;
        return problems.read(at, () -> new ListenerLimits(
            rate, limits.getTrustedHops(), limits.getMaxConnections(), limits.getMaxBodyBytes(), http));
    }

    static RouteLimits decode(mesh.v1.Route m, String path, Problems problems) {
        Optional<RateLimit> rate = m.hasRateLimit() ? rate(m.getRateLimit(), path + ".rate_limit", problems) : Optional.empty();
        return problems.read(path, () -> new RouteLimits(rate, m.getMaxBodyBytes()));
    }

    /** Null when there were problems. */
    private static HttpLimits http(mesh.v1.HttpLimits m, String path, Problems problems) {
        HttpLimits normal = HttpLimits.DEFAULT;
        Duration head = m.hasHeadTimeout() ? Values.positive(path + ".head_timeout", m.getHeadTimeout(), problems) : normal.headTimeout();
        Duration idle = m.hasIdleTimeout() ? Values.positive(path + ".idle_timeout", m.getIdleTimeout(), problems) : normal.idleTimeout();
        return problems.read(path, () -> new HttpLimits(m.getHeadKib() == 0 ? normal.headKib() : m.getHeadKib(),
            m.getFields() == 0 ? normal.fields() : m.getFields(), m.getStreams() == 0 ? normal.streams() : m.getStreams(), head, idle));
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
        mesh.v1.ListenerLimits.Builder message = m.getLimitsBuilder()
            .setTrustedHops(limits.trustedHops()).setMaxConnections(limits.maxConnections()).setMaxBodyBytes(limits.maxBodyBytes());
        if (!limits.http().equals(HttpLimits.DEFAULT)) {
            message.setHttp(encode(limits.http()));
        }
        limits.rate().ifPresent(rate -> message.setRate(encode(rate)));
    }

    static void encode(RouteLimits limits, mesh.v1.Route.Builder m) {
        limits.rate().ifPresent(rate -> m.setRateLimit(encode(rate)));
        m.setMaxBodyBytes(limits.maxBodyBytes());
    }

    private static mesh.v1.HttpLimits encode(HttpLimits http) {
        return mesh.v1.HttpLimits.newBuilder().setHeadKib(http.headKib()).setFields(http.fields()).setStreams(http.streams())
            .setHeadTimeout(Values.message(http.headTimeout())).setIdleTimeout(Values.message(http.idleTimeout())).build();
    }

    private static mesh.v1.RateLimit encode(RateLimit rate) {
        return mesh.v1.RateLimit.newBuilder().setRequests(rate.requests()).setPer(Values.message(rate.per())).setBurst(rate.burst())
            .setKey(rate.key().text()).setKeys(rate.keys()).setShadow(rate.shadow()).build();
    }
}
