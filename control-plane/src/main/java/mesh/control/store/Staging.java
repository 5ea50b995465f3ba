package mesh.control.store;

import java.util.Optional;
import mesh.replica.v1.Rollout;

/** How far a rollout is once something is written: a pure function, called on the writer thread with what is current then. */
@FunctionalInterface
public interface Staging {

    /** A rollout that is on goes on as it is; one that has ended with the version before is none any more. */
    Staging AS_BEFORE = (now, version) -> now.filter(each -> !each.getOver());

    /**
     * May throw, which refuses the write.
     *
     * @param now     how far one is in the version that is current; empty where that is part of none
     * @param version the number that is written
     */
    Optional<Rollout> after(Optional<Rollout> now, long version);
}
