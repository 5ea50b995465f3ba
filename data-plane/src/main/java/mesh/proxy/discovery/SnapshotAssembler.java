package mesh.proxy.discovery;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import mesh.model.ApplyResult;
import mesh.model.MeshSnapshot;
import mesh.model.Problem;
import mesh.xds.ResourceType;

/**
 * Decides when what has arrived, type by type, may be published, and publishes only closed sets. No threads, no sockets; time comes in
 * as ticker nanoseconds. One thread.
 *
 * <p>From a control plane that promises whole versions, as ours does, a version is published when the response has come that completes it and
 * every name that is mentioned was answered; however long that takes, half a version is never shown. Other control planes promise nothing:
 * there, what is closed is published at once, and otherwise the closed part {@link #PATIENCE} after something arrived, and the rest reported.
 */
final class SnapshotAssembler {

    static final Duration PATIENCE = Duration.ofSeconds(1);

    private final Arrived arrived = new Arrived();
    /** Types that this stream has told something of, if only that all is as it was. */
    private final Set<ResourceType> begun = EnumSet.noneOf(ResourceType.class);

    private MeshSnapshot published = MeshSnapshot.EMPTY;
    private String publishedVersion = "";
    private List<Problem> leftOut = List.of();

    /** Something has come on this stream that may be published. */
    private boolean changed;
    /** Something has come on any stream that is not applied. */
    private boolean unapplied;
    private boolean whole;
    /** What the last response carried: from a control plane that promises whole versions "" until one is complete. */
    private String version = "";
    private long changedAt;

    /** A new stream: what is here stays, but what a broken one began is not shown before this one has completed it. */
    void streamOpened(long now) {
        begun.clear();
        arrived.streamOpened();
        changed = unapplied;
        changedAt = now;
    }

    void take(Push push, long now) {
        boolean different = arrived.take(push, now);
        boolean advanced = !push.version().equals(publishedVersion);
        begun.add(push.type());
        version = push.version();
        whole = push.whole();
        if (different || advanced) {
            unapplied = true;
            changedAt = changed ? changedAt : now;
            changed = true;
        }
    }

    /** Whether something has arrived that is not published. */
    boolean pending() {
        return changed;
    }

    /** When {@link #next} should be asked again, if nothing arrives before. */
    OptionalLong deadline() {
        OptionalLong expiry = expiry();
        if (!changed || whole) {
            return expiry;
        }
        long late = changedAt + PATIENCE.toNanos();
        return OptionalLong.of(expiry.isPresent() && expiry.getAsLong() - late < 0 ? expiry.getAsLong() : late);
    }

    OptionalLong expiry() {
        return arrived.nextExpiry();
    }

    /** Takes away what is no longer good, since nobody has said that it is. */
    void expire(long now) {
        if (arrived.expire(now)) {
            unapplied = true;
            changedAt = changed ? changedAt : now;
            changed = true;
        }
    }

    /** What to publish now, if anything; to be followed by {@link #applied}. */
    Optional<MeshSnapshot> next(long now) {
        boolean late = !whole && begun.contains(ResourceType.CLUSTER) && begun.contains(ResourceType.LISTENER) && now - changedAt >= PATIENCE.toNanos();
        if (!changed || !settled() && !late) {
            return Optional.empty();
        }
        ClosedSet closed = ClosedSet.of(arrived, published, number());
        leftOut = closed.leftOut();
        return Optional.of(closed.snapshot());
    }

    private boolean settled() {
        if (whole && version.isEmpty()) {
            return false;
        }
        for (ResourceType type : ResourceType.values()) {
            Set<String> wanted = type.wildcard() ? Set.of() : arrived.wanted(type);
            boolean asked = type.wildcard() || !wanted.isEmpty();
            if (asked && !begun.contains(type) || !wanted.stream().allMatch(name -> arrived.answered(type, name))) {
                return false;
            }
        }
        return true;
    }

    /** The control plane's number; one more than the last where it has none. */
    private long number() {
        try {
            return Long.parseLong(version);
        } catch (NumberFormatException e) {
            return published.version() + 1;
        }
    }

    /** What became of what {@link #next} gave. */
    void applied(MeshSnapshot snapshot, ApplyResult result) {
        changed = false;
        publishedVersion = version;
        if (result instanceof ApplyResult.Applied) {
            published = snapshot;
            unapplied = false;
            arrived.applied();
        }
    }

    /** Another process' last set is in force: what refers to it may lean on it, and a subscription asks for everything all the same. */
    void restored(MeshSnapshot snapshot) {
        published = snapshot;
    }

    /** The last set that was applied. */
    MeshSnapshot published() {
        return published;
    }

    /** What the last set had to do without. */
    List<Problem> leftOut() {
        return leftOut;
    }

    /** The names that what has arrived mentions. */
    Set<String> wanted(ResourceType type) {
        return arrived.wanted(type);
    }

    /** What a new stream begins with, by name. */
    Map<String, String> versions(ResourceType type) {
        return arrived.versions(type);
    }

    /** Problems of resources that could not be read and were not mended since. */
    List<Problem> rejected(ResourceType type) {
        return arrived.rejected(type);
    }
}
