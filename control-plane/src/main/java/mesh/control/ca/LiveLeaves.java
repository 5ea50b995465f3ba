package mesh.control.ca;

import io.vertx.core.json.JsonObject;
import java.math.BigInteger;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import mesh.control.replica.Board;
import mesh.model.SpiffeId;

/**
 * Which certificates may still be in use. One is, until it expires or its holder has shown the one that it was renewed for: a sidecar keeps
 * a new certificate on its disk before it shows it, so it never goes back to the old one. Any thread.
 */
public final class LiveLeaves {

    /** Some 300 bytes each. Beyond it they are not told apart any more, and are all taken for live until the last one expires. */
    private static final int MOST = 200_000;

    /**
     * One certificate.
     *
     * @param root     pin of the root above it; "" for one of an older version, which did not write it down and may be any root's
     * @param replaces the one that its holder showed when it asked; empty for one that was given for a token
     */
    record Leaf(BigInteger serial, SpiffeId id, Instant notAfter, String root, Optional<BigInteger> replaces) {}

    private final InstantSource clock;
    private final int most;
    private final ShownLeaves shared;
    /** In the order in which they were issued. */
    private final Map<BigInteger, Leaf> leaves = new LinkedHashMap<>();
    private final Map<BigInteger, List<Leaf>> successors = new HashMap<>();
    /** Renewals that nobody has shown yet: what each call looks into. */
    private final Map<BigInteger, Leaf> unshown = new ConcurrentHashMap<>();
    private Instant untold = Instant.MIN;
    private Instant nextSweep = Instant.MIN;

    /** Of the only control plane that there is. */
    public LiveLeaves(InstantSource clock) {
        this(clock, Board.ALONE);
    }

    /** @param board where other replicas tell what was shown to them */
    public LiveLeaves(InstantSource clock, Board board) {
        this(clock, board, MOST);
    }

    LiveLeaves(InstantSource clock, Board board, int most) {
        this.clock = clock;
        this.most = most;
        this.shared = new ShownLeaves(board, clock);
    }

    /** @param line of the audit log; of a certificate or of something else */
    public void replay(JsonObject line) {
        IssuedLines.leaf(line).ifPresent(this::issued);
    }

    synchronized void issued(Leaf leaf) {
        sweep();
        if (!clock.instant().isBefore(leaf.notAfter)) {
            return;
        }
        if (leaves.size() >= most) {
            untold = untold.isAfter(leaf.notAfter) ? untold : leaf.notAfter;
            return;
        }
        leaves.put(leaf.serial, leaf);
        leaf.replaces.filter(leaves::containsKey).ifPresent(before -> {
            successors.computeIfAbsent(before, none -> new ArrayList<>()).add(leaf);
            unshown.put(leaf.serial, leaf);
        });
    }

    /** Somebody has proven to hold it. One look into a map, for all but the first call with a new certificate. */
    public void shown(BigInteger serial) {
        Leaf leaf = unshown.remove(serial);
        if (leaf != null) {
            shared.shown(leaf);
            retireBefore(leaf);
        }
    }

    /** At whichever replica. Each is known here when it has been issued, and that may be heard of later than that it was shown. */
    private void takeShownElsewhere() {
        for (BigInteger serial : shared.elsewhere()) {
            Leaf leaf = unshown.remove(serial);
            if (leaf != null) {
                retireBefore(leaf);
            }
        }
    }

    /** Those that were given for the same one earlier never arrived: their holder would have shown them and not asked again. */
    private synchronized void retireBefore(Leaf shown) {
        Leaf leaf = shown;
        while (leaf != null && leaf.replaces.isPresent()) {
            BigInteger before = leaf.replaces.get();
            for (Leaf sibling : successors.getOrDefault(before, List.of())) {
                if (sibling.equals(leaf)) {
                    break;
                }
                forget(sibling);
            }
            successors.remove(before);
            leaf = forget(leaves.get(before));
        }
    }

    private Leaf forget(Leaf leaf) {
        if (leaf != null) {
            leaves.remove(leaf.serial);
            unshown.remove(leaf.serial);
        }
        return leaf;
    }

    /** Once a minute, so that a burst of signing does not go through all of them each time. */
    private void sweep() {
        Instant now = clock.instant();
        if (now.isBefore(nextSweep)) {
            return;
        }
        nextSweep = now.plusSeconds(60);
        List<Leaf> ended = leaves.values().stream().filter(leaf -> !now.isBefore(leaf.notAfter)).toList();
        ended.forEach(leaf -> {
            forget(leaf);
            successors.remove(leaf.serial);
        });
    }

    /** Those of a root, oldest first. */
    synchronized List<Leaf> of(String root) {
        takeShownElsewhere();
        Instant now = clock.instant();
        return leaves.values().stream()
            .filter(leaf -> now.isBefore(leaf.notAfter) && (leaf.root.equals(root) || leaf.root.isEmpty()))
            .toList();
    }

    /** Until when certificates may be in use that are not told apart; empty when there are none. */
    synchronized Optional<Instant> untoldUntil() {
        return clock.instant().isBefore(untold) ? Optional.of(untold) : Optional.empty();
    }
}
