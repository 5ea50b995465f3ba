package mesh.control.messages;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mesh.model.BalancerKind;
import mesh.model.ConsistentHash;
import mesh.model.HashPolicy;
import mesh.model.HashPolicy.By;
import mesh.model.HashPolicy.Cookie;

/** What keys are made of, and how a cluster spreads them, to the model and back. */
final class HashMessages {

    private HashMessages() {}

    static List<HashPolicy> decode(mesh.v1.Route m, String path, Problems problems) {
        List<HashPolicy> policies = new ArrayList<>();
        for (int i = 0; i < m.getHashPolicyCount(); i++) {
            mesh.v1.HashPolicy each = m.getHashPolicy(i);
            By by = by(each, path + ".hash_policy[" + i + "]", problems);
            if (by != null) policies.add(new HashPolicy(by, each.getTerminal()));
        }
        return policies;
    }

    /** Null after a problem. */
    private static By by(mesh.v1.HashPolicy m, String path, Problems problems) {
        By by = problems.read(path + ".by", () -> By.parse(m.getBy()));
        if (by instanceof Cookie cookie) {
            Optional<Duration> ttl = m.hasTtl()
                ? Optional.of(Values.notNegative(path + ".ttl", true, m.getTtl(), Duration.ZERO, problems)) : Optional.empty();
            return problems.read(path, () -> new Cookie(cookie.name(), ttl, m.getPath()));
        }
        if (by != null && (m.hasTtl() || !m.getPath().isEmpty())) {
            problems.add(path, "ttl or path beside \"" + m.getBy() + "\" (expected: only with a cookie)");
        }
        return by;
    }

    static void encode(List<HashPolicy> policies, mesh.v1.Route.Builder m) {
        for (HashPolicy policy : policies) {
            mesh.v1.HashPolicy.Builder each = m.addHashPolicyBuilder().setBy(policy.by().text()).setTerminal(policy.terminal());
            if (policy.by() instanceof Cookie cookie) {
                each.setPath(cookie.path());
                cookie.ttl().ifPresent(ttl -> each.setTtl(Values.message(ttl)));
            }
        }
    }

    /** Of a listener; empty for none, and after a problem. */
    static Optional<By> decode(mesh.v1.Listener m, String path, Problems problems) {
        if (m.getHashBy().isEmpty()) return Optional.empty();
        By by = problems.read(path + ".hash_by", () -> By.parse(m.getHashBy()));
        if (by == null || by.ofConnections()) return Optional.ofNullable(by);
        problems.add(path + ".hash_by", "\"" + m.getHashBy() + "\" (expected: address or spiffe_id)");
        return Optional.empty();
    }

    /** Null after a problem. @param kind null after a problem */
    static ConsistentHash decode(mesh.v1.Cluster m, BalancerKind kind, String path, Problems problems) {
        ConsistentHash normal = ConsistentHash.DEFAULT;
        if (!m.hasHash()) return normal;
        if (kind != null && !kind.byKey()) {
            problems.add(path + ".hash", "beside balancer " + kind.text() + " (expected: balancer ring_hash or maglev)");
        }
        mesh.v1.ConsistentHash hash = m.getHash();
        return problems.read(path + ".hash", () -> new ConsistentHash(
            orNormal(hash.getMinRingSize(), normal.minRingSize()), orNormal(hash.getMaxRingSize(), normal.maxRingSize()),
            orNormal(hash.getTableSize(), normal.tableSize()), hash.getBalanceFactor()));
    }

    private static int orNormal(int value, int normal) {
        return value == 0 ? normal : value;
    }

    static void encode(ConsistentHash hash, mesh.v1.Cluster.Builder m) {
        ConsistentHash normal = ConsistentHash.DEFAULT;
        if (hash.equals(normal)) return;
        mesh.v1.ConsistentHash.Builder each = m.getHashBuilder().setBalanceFactor(hash.balanceFactor());
        if (hash.minRingSize() != normal.minRingSize()) each.setMinRingSize(hash.minRingSize());
        if (hash.maxRingSize() != normal.maxRingSize()) each.setMaxRingSize(hash.maxRingSize());
        if (hash.tableSize() != normal.tableSize()) each.setTableSize(hash.tableSize());
    }
}
