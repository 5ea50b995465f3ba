package mesh.control.stream;

import com.google.protobuf.InvalidProtocolBufferException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import mesh.control.replica.Board;
import mesh.control.stream.SidecarRegistry.Key;
import mesh.control.stream.SidecarRegistry.Sidecar;
import mesh.replica.v1.Sidecars;
import org.jboss.logging.Logger;

/**
 * The sidecars of other replicas, and this one's for them. They are told in {@value #GROUPS} groups, so that one that changes is not all of them,
 * and a thousand are not as many words. Any thread.
 */
final class SharedSidecars implements Board.Listener {

    private static final Logger LOG = Logger.getLogger(SharedSidecars.class);
    private static final String TOPIC = "sidecars";
    private static final int GROUPS = 64;

    /** A sidecar whose replica has gone looks for another at once; one that has not found any by then is gone too, for all that is known. */
    static final Duration LOST = Duration.ofMinutes(5);

    /** Of a replica that is gone. */
    private record Lost(Sidecar sidecar, Instant since) {}

    private final Board board;
    private final InstantSource clock;
    private final Function<Predicate<Key>, List<Sidecar>> own;
    /** By replica, then by group. */
    private final Map<String, Map<String, List<Sidecar>>> others = new HashMap<>();
    private final Map<Key, Lost> lost = new HashMap<>();

    SharedSidecars(Board board, InstantSource clock, Function<Predicate<Key>, List<Sidecar>> own) {
        this.board = board;
        this.clock = clock;
        this.own = own;
        board.hear(TOPIC, this);
    }

    /** One of this replica's is another now. */
    void changed(Key key) {
        int group = group(key);
        board.say(TOPIC, Integer.toString(group), () -> encoded(group));
    }

    private static int group(Key key) {
        return Math.floorMod(key.hashCode(), GROUPS);
    }

    private byte[] encoded(int group) {
        Sidecars.Builder m = Sidecars.newBuilder();
        own.apply(key -> group(key) == group).forEach(each -> m.addSidecars(SidecarMessages.share(each)));
        return m.build().toByteArray();
    }

    @Override
    public synchronized void said(String replica, String group, byte[] what) {
        // It is back, or never was gone, and tells itself who is connected.
        lost.values().removeIf(each -> each.sidecar.replica().equals(replica));
        try {
            others.computeIfAbsent(replica, none -> new HashMap<>()).put(group,
                Sidecars.parseFrom(what).getSidecarsList().stream().map(each -> SidecarMessages.decode(each, replica)).toList());
        } catch (InvalidProtocolBufferException e) {
            LOG.errorf("what replica %s tells of its sidecars cannot be read: %s", replica, e.getMessage());
        }
    }

    @Override
    public synchronized void gone(String replica) {
        Instant now = clock.instant();
        Map<String, List<Sidecar>> its = others.remove(replica);
        if (its != null) {
            its.values().stream().flatMap(List::stream).filter(Sidecar::connected).forEach(each -> lost.put(each.key(), new Lost(each.gone(), now)));
        }
    }

    /** Each once: as it is where it is connected, else where it was last. What it has acknowledged anywhere it has. */
    synchronized Collection<Sidecar> with(List<Sidecar> ours) {
        Instant oldest = clock.instant().minus(SidecarRegistry.KEPT);
        lost.values().removeIf(each -> each.since.isBefore(oldest));
        if (others.isEmpty() && lost.isEmpty()) {
            return ours;
        }
        Map<Key, Sidecar> all = new HashMap<>();
        lost.forEach((key, each) -> all.put(key, each.sidecar));
        others.values().stream().flatMap(groups -> groups.values().stream()).flatMap(List::stream)
            .forEach(each -> all.merge(each.key(), each, SharedSidecars::merged));
        ours.forEach(each -> all.merge(each.key(), each, SharedSidecars::merged));
        return all.values();
    }

    private static Sidecar merged(Sidecar one, Sidecar other) {
        boolean later = other.connectedSince().isAfter(one.connectedSince());
        Sidecar shown = one.connected() == other.connected() ? later ? other : one : one.connected() ? one : other;
        return shown.withAcknowledged(Math.max(one.acknowledgedVersion(), other.acknowledgedVersion()));
    }

    synchronized List<Sidecar> lost(List<Sidecar> ours) {
        Instant oldest = clock.instant().minus(LOST);
        List<Sidecar> found = new ArrayList<>();
        for (Sidecar each : with(ours)) {
            Lost then = lost.get(each.key());
            if (then != null && !each.connected() && then.since.isAfter(oldest)) {
                found.add(each);
            }
        }
        return found;
    }
}
