package mesh.proxy.discovery;

import java.time.Duration;
import java.util.EnumMap;
import java.util.HashSet;
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
 * <p>From a control plane that promises whole versions, as ours does, a version is published when every type has reached it and every name
 * that is mentioned was answered; however long that takes, half a version is never shown. Other control planes promise nothing: there,
 * the closed part is published at the latest {@link #PATIENCE} after something arrived, and the rest reported.
 */
final class SnapshotAssembler {

    static final Duration PATIENCE = Duration.ofSeconds(1);

    private final Arrived arrived = new Arrived();
    private final Map<ResourceType, String> reached = new EnumMap<>(ResourceType.class);

    private MeshSnapshot published = MeshSnapshot.EMPTY;
    private String publishedVersion = "";
    private List<Problem> leftOut = List.of();

    /** Something has come on this stream that may be published. */
    private boolean changed;
    /** Something has come on any stream that is not applied. */
    private boolean unapplied;
    private boolean whole;
    private long changedAt;

    /** A new stream: what is here stays, but what a broken one began is not shown before this one has completed it. */
    void streamOpened(long now) {
        reached.clear();
        arrived.streamOpened();
        changed = unapplied;
        changedAt = now;
    }

    void take(Push push, long now) {
        boolean different = arrived.take(push);
        boolean advanced = !push.version().equals(publishedVersion);
        // Of an answer that comes in several responses only the last has a version: until then the type has reached none.
        reached.put(push.type(), push.version());
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
        return changed && !whole ? OptionalLong.of(changedAt + PATIENCE.toNanos()) : OptionalLong.empty();
    }

    /** What to publish now, if anything; to be followed by {@link #applied}. */
    Optional<MeshSnapshot> next(long now) {
        boolean begun = reached.containsKey(ResourceType.CLUSTER) && reached.containsKey(ResourceType.LISTENER);
        boolean late = !whole && begun && now - changedAt >= PATIENCE.toNanos();
        if (!changed || !settled() && !late) {
            return Optional.empty();
        }
        ClosedSet closed = ClosedSet.of(arrived, published, number());
        leftOut = closed.leftOut();
        return Optional.of(closed.snapshot());
    }

    private boolean settled() {
        Set<String> versions = new HashSet<>();
        for (ResourceType type : ResourceType.values()) {
            if (type.wildcard()) {
                versions.add(reached.get(type));
                continue;
            }
            Set<String> wanted = arrived.wanted(type);
            if (!wanted.stream().allMatch(name -> arrived.answered(type, name))) {
                return false;
            }
            if (!wanted.isEmpty()) {
                versions.add(reached.get(type));
            }
        }
        return versions.size() == 1 && !versions.contains(null);
    }

    /** The control plane's number; one more than the last where it has none. */
    private long number() {
        try {
            return Long.parseLong(reached.getOrDefault(ResourceType.CLUSTER, ""));
        } catch (NumberFormatException e) {
            return published.version() + 1;
        }
    }

    /** What became of what {@link #next} gave. */
    void applied(MeshSnapshot snapshot, ApplyResult result) {
        changed = false;
        publishedVersion = reached.getOrDefault(ResourceType.CLUSTER, "");
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
