package mesh.proxy.balancer;

import java.util.List;
import mesh.model.BalancerKind;
import mesh.model.ConsistentHash;

/**
 * Places, each of which belongs to a candidate, and a way from any key to a place. Where candidates come or go, most places keep their owner.
 * Made of names and weights alone, so that every sidecar, and the same one after a restart, has the same. Immutable.
 */
interface KeyTable {

    /** Where a key belongs, from 0 on. */
    int place(long key);

    /** The index of the candidate whose place that is. */
    int owner(int place);

    /** Places in all. */
    int size();

    /**
     * What a table is made from; where two are equal so are their tables.
     *
     * @param names   of the candidates, at least one; no two are the same
     * @param weights of the candidates, in the same order
     */
    record Plan(BalancerKind kind, ConsistentHash settings, List<String> names, List<Integer> weights) {

        /** Making this many places takes more than a request should wait for: some 10 ms. */
        private static final int MANY = 1 << 17;

        static Plan of(BalancerKind kind, ConsistentHash settings, List<? extends Candidate> candidates) {
            // How full a candidate may be says nothing of whose a key is.
            return new Plan(kind, settings.withBalanceFactor(0), candidates.stream().map(Candidate::name).toList(),
                candidates.stream().map(Candidate::weight).toList());
        }

        boolean isLarge() {
            return (kind == BalancerKind.MAGLEV ? settings.tableSize() : HashRing.size(this)) > MANY;
        }

        KeyTable make() {
            return kind == BalancerKind.MAGLEV ? new MaglevTable(this) : new HashRing(this);
        }
    }
}
