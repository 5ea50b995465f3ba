package mesh.control.ca;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.math.BigInteger;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import mesh.control.replica.Board;
import org.jboss.logging.Logger;

/**
 * Which renewed certificates were shown to other replicas, and to this one for them: that nobody uses the one before any more is known where
 * the new one is shown. Told in {@value #GROUPS} groups, each for as long as it is valid. Any thread.
 */
final class ShownLeaves implements Board.Listener {

    private static final Logger LOG = Logger.getLogger(ShownLeaves.class);
    private static final String TOPIC = "shown";
    private static final int GROUPS = 64;

    private final Board board;
    private final InstantSource clock;
    /** Shown here, and until when each is valid. */
    private final Map<BigInteger, Instant> own = new ConcurrentHashMap<>();
    /** By replica, then by group. */
    private final Map<String, Map<String, List<BigInteger>>> others = new HashMap<>();

    ShownLeaves(Board board, InstantSource clock) {
        this.board = board;
        this.clock = clock;
        board.hear(TOPIC, this);
    }

    void shown(LiveLeaves.Leaf leaf) {
        if (board == Board.ALONE) {
            return;
        }
        own.put(leaf.serial(), leaf.notAfter());
        int group = group(leaf.serial());
        board.say(TOPIC, Integer.toString(group), () -> encoded(group));
    }

    private static int group(BigInteger serial) {
        return Math.floorMod(serial.hashCode(), GROUPS);
    }

    private byte[] encoded(int group) {
        Instant now = clock.instant();
        own.values().removeIf(notAfter -> !now.isBefore(notAfter));
        mesh.replica.v1.ShownLeaves.Builder m = mesh.replica.v1.ShownLeaves.newBuilder();
        own.keySet().stream().filter(serial -> group(serial) == group).forEach(serial -> m.addSerials(ByteString.copyFrom(serial.toByteArray())));
        return m.build().toByteArray();
    }

    @Override
    public synchronized void said(String replica, String group, byte[] what) {
        try {
            others.computeIfAbsent(replica, none -> new HashMap<>()).put(group, mesh.replica.v1.ShownLeaves.parseFrom(what).getSerialsList().stream()
                .map(serial -> new BigInteger(serial.toByteArray())).toList());
        } catch (InvalidProtocolBufferException | NumberFormatException e) {
            LOG.errorf("which certificates were shown to replica %s cannot be read: %s", replica, e.getMessage());
        }
    }

    /** Whoever has shown it there shows it to another one now. */
    @Override
    public synchronized void gone(String replica) {
        others.remove(replica);
    }

    synchronized Set<BigInteger> elsewhere() {
        return others.values().stream().flatMap(groups -> groups.values().stream()).flatMap(List::stream).collect(Collectors.toSet());
    }
}
