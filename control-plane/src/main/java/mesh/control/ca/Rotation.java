package mesh.control.ca;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import mesh.control.ca.Authorities.Phase;
import mesh.model.BanList;
import mesh.model.SpiffeId;

/**
 * The way from one root to the next, and what each of its steps has to wait for:
 *
 * <pre>
 *            distribute                  issue                        retire
 *   STABLE ─────────────► DISTRIBUTING ─────────────► RETIRING ──────────────────► STABLE
 *      ▲      abort            │  every sidecar that      │  no live certificate
 *      └───────────────────────┘  is connected trusts     ▼  of the root before
 * </pre>
 *
 * <p>A step out of order, or before its time, changes nothing. Each is durable before anybody is told; after a crash in between, the next
 * start tells. One thread at a time takes a step, any asks.
 */
public final class Rotation {

    /** One reason why the next step has to wait. */
    public record Blocker(String node, String id, String reason) {}

    /** Tells everybody whom to trust now. */
    @FunctionalInterface
    public interface Publisher {
        /** Durable on return, and on its way; does nothing when that is what was told last. */
        void publish(String author, String message);
    }

    /** A step that was not taken; the message says why. */
    static final class BlockedException extends RuntimeException {

        private static final long serialVersionUID = 1;

        BlockedException(String message) {
            super(message);
        }
    }

    private static final int MOST_NAMED = 10;
    private static final Map<Phase, String> NEXT = Map.of(
        Phase.STABLE, "distribute", Phase.DISTRIBUTING, "issue, or abort", Phase.RETIRING, "retire");

    private final Issuing trust;
    private final Authorities authorities;
    private final LiveLeaves leaves;
    private final BundleWatches watches;
    private final Supplier<List<Blocker>> subscribers;
    private final Runnable renewServing;
    private final Publisher publisher;
    private final AuditLog audit;

    /**
     * A rotation as far as it is.
     *
     * @param trust        whom everybody believes
     * @param subscribers  clients that have not acknowledged the last change of it by their subscription
     * @param renewServing gives the control plane's own port a certificate of {@link Issuing#serving}
     */
    public Rotation(Issuing trust, Authorities authorities, LiveLeaves leaves, BundleWatches watches, Supplier<List<Blocker>> subscribers,
        Runnable renewServing, Publisher publisher, AuditLog audit) {
        this.trust = trust;
        this.authorities = authorities;
        this.leaves = leaves;
        this.watches = watches;
        this.subscribers = subscribers;
        this.renewServing = renewServing;
        this.publisher = publisher;
        this.audit = audit;
    }

    /** What the next step waits for; nothing in STABLE. */
    List<Blocker> blockers() {
        Authorities.State state = authorities.state();
        List<Blocker> all = new ArrayList<>();
        if (state.phase() != Phase.STABLE) {
            watches.lacking(trust.bundle()).forEach(each -> all.add(
                new Blocker(each.node(), each.id().map(SpiffeId::toString).orElse(""), "has not acknowledged the trust bundle")));
            all.addAll(subscribers.get());
        }
        if (state.phase() == Phase.RETIRING) {
            live(state.other()).forEach(leaf -> all.add(new Blocker("", leaf.id().toString(),
                "certificate " + leaf.serial().toString(16) + " of the root before is in use until " + leaf.notAfter())));
            leaves.untoldUntil().ifPresent(until -> all.add(new Blocker("", "", "certificates too many to tell apart are in use until " + until)));
        }
        return all;
    }

    /** Those of an authority that may still be in use; who is banned uses none. */
    List<LiveLeaves.Leaf> live(HeldAuthority authority) {
        BanList bans = trust.bundle().bans();
        return leaves.of(authority.issuer().pin()).stream().filter(leaf -> !bans.bans(leaf.id(), leaf.serial())).toList();
    }

    synchronized void distribute(String author) throws IOException {
        expect(Phase.STABLE, "distribute");
        Authorities.State state = step("distribute", authorities::distribute);
        publish(author, "trusts the next root, " + state.other().issuer().pin());
    }

    synchronized void issue(String author) throws IOException {
        Authorities.State seen = expect(Phase.DISTRIBUTING, "issue");
        publisher.publish(author, "rotation");
        refuseBlocked("issue");
        Authorities.State state = step("issue", () -> authorities.issue(seen));
        publish(author, "the next root signs, " + state.active().issuer().pin());
    }

    synchronized void retire(String author) throws IOException {
        Authorities.State seen = expect(Phase.RETIRING, "retire");
        publisher.publish(author, "rotation");
        refuseBlocked("retire");
        Authorities.State state = step("retire", () -> authorities.retire(seen));
        // Before anybody stops to trust the root before.
        renewServing.run();
        publish(author, "the root before is retired, and " + state.active().issuer().pin() + " alone is trusted");
    }

    synchronized void abort(String author) throws IOException {
        expect(Phase.DISTRIBUTING, "abort");
        Authorities.State state = step("abort", authorities::abort);
        publish(author, "aborted; " + state.active().issuer().pin() + " alone is trusted");
    }

    private void publish(String author, String message) throws IOException {
        audit.add(author, "rotation", message);
        publisher.publish(author, "rotation: " + message);
    }

    private Authorities.State expect(Phase phase, String step) throws IOException {
        authorities.catchUp();
        Authorities.State now = authorities.state();
        if (now.phase() != phase) {
            throw new BlockedException("step: " + step + " (expected: " + NEXT.get(now.phase()) + "; the rotation is " + now.phase().label() + ")");
        }
        return now;
    }

    /** How the authority takes a step. */
    @FunctionalInterface
    private interface Step {
        Authorities.State take() throws IOException;
    }

    /** Another replica may have taken one since it was looked. */
    private static Authorities.State step(String name, Step step) throws IOException {
        try {
            return step.take();
        } catch (IllegalStateException e) {
            throw new BlockedException("step " + name + ": " + e.getMessage());
        }
    }

    private void refuseBlocked(String step) {
        List<Blocker> all = blockers();
        if (!all.isEmpty()) {
            String named = all.stream().limit(MOST_NAMED)
                .map(each -> (each.node().isEmpty() ? each.id() : each.node() + " (" + each.id() + ")") + " " + each.reason())
                .collect(Collectors.joining("; "));
            throw new BlockedException("step " + step + ": blocked by " + all.size() + ": " + named
                + (all.size() > MOST_NAMED ? "; and " + (all.size() - MOST_NAMED) + " more" : ""));
        }
    }
}
