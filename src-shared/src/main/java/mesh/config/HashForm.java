package mesh.config;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import mesh.model.BalancerKind;
import mesh.model.ConsistentHash;
import mesh.model.HashPolicy;
import mesh.model.HashPolicy.By;
import mesh.model.HashPolicy.Cookie;

/** What keys are made of, and how a cluster spreads them. */
final class HashForm {

    private HashForm() {}

    /** The list {@code hashPolicy} of a route. */
    static List<HashPolicy> route(Section s) {
        return s.items("hashPolicy", "by", HashForm::policy);
    }

    private static HashPolicy policy(Section s) {
        By by = s.required("by", By.EXPECTED, By::parse);
        Optional<Duration> ttl = Optional.ofNullable(s.duration("ttl", null, true));
        String path = s.read("path", "", text -> text);
        boolean terminal = Boolean.TRUE.equals(s.flag("terminal", false));
        if (by != null && !(by instanceof Cookie)) {
            s.refuse("ttl", "beside by: " + by.text(), "only with a cookie");
            s.refuse("path", "beside by: " + by.text(), "only with a cookie");
        }
        return s.make(() -> new HashPolicy(by instanceof Cookie cookie ? new Cookie(cookie.name(), ttl, path) : by, terminal));
    }

    /** The key {@code hashBy} of a listener. */
    static Optional<By> listener(Section s, boolean tcp) {
        if (!tcp) {
            s.refuse("hashBy", "beside protocol http", "hashPolicy of a route, or protocol tcp");
        }
        return s.optional("hashBy", text -> {
            By by = By.parse(text);
            if (!by.ofConnections()) throw new IllegalArgumentException("\"" + text + "\" (expected: address or spiffe_id)");
            return by;
        });
    }

    /** The section {@code hash} of a cluster. @param kind null after a finding */
    static ConsistentHash cluster(Section s, BalancerKind kind) {
        Optional<ConsistentHash> read = s.section("hash").map(each -> read(each, kind));
        if (kind != null && !kind.byKey()) s.refuse("hash", "beside balancer " + kind.text(), "balancer ring_hash or maglev");
        return read.orElse(ConsistentHash.DEFAULT);
    }

    private static ConsistentHash read(Section s, BalancerKind kind) {
        ConsistentHash normal = ConsistentHash.DEFAULT;
        int min = s.integer("minRingSize", normal.minRingSize(), 1, ConsistentHash.MOST_RING);
        int max = s.integer("maxRingSize", normal.maxRingSize(), 1, ConsistentHash.MOST_RING);
        int table = s.integer("tableSize", normal.tableSize(), 2, ConsistentHash.MOST_TABLE);
        int factor = s.integer("balanceFactor", normal.balanceFactor(), 100, ConsistentHash.MOST_BALANCE);
        if (kind == BalancerKind.RING_HASH) s.refuse("tableSize", "beside balancer ring_hash", "minRingSize and maxRingSize, or balancer maglev");
        if (kind == BalancerKind.MAGLEV) {
            s.refuse("minRingSize", "beside balancer maglev", "tableSize, or balancer ring_hash");
            s.refuse("maxRingSize", "beside balancer maglev", "tableSize, or balancer ring_hash");
        }
        s.end();
        return s.make(() -> new ConsistentHash(min, max, table, factor));
    }
}
