package mesh.control.stream;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import mesh.control.replica.Board;
import mesh.control.stream.DrainingEndpoints.Sidecar;
import org.jboss.logging.Logger;

/** Who does not know yet that a sidecar leaves, of those that are connected to other replicas. Any thread. */
final class LeavingKnown implements Board.Listener {

    private static final Logger LOG = Logger.getLogger(LeavingKnown.class);
    private static final String TOPIC = "leaving-known";
    /** More names are no help. */
    private static final int MOST_NAMES = 100;

    private final Board board;
    /** By replica, then by who leaves. */
    private final Map<String, Map<String, mesh.replica.v1.LeavingKnown>> others = new HashMap<>();

    LeavingKnown(Board board) {
        this.board = board;
        board.hear(TOPIC, this);
    }

    /** Tells the others whom a sidecar that leaves waits for here. */
    void tell(Sidecar sidecar, String instance, List<String> waiting) {
        byte[] word = mesh.replica.v1.LeavingKnown.newBuilder().setInstance(instance).addAllWaitingFor(waiting.stream().limit(MOST_NAMES).toList())
            .build().toByteArray();
        board.say(TOPIC, sidecar.word(), () -> word);
    }

    void forget(Sidecar sidecar) {
        board.say(TOPIC, sidecar.word(), () -> new byte[0]);
    }

    /** Whom it waits for elsewhere: nodes, and replicas that have not said yet. */
    synchronized List<String> waiting(Sidecar sidecar, String instance) {
        List<String> all = new ArrayList<>();
        for (String replica : board.others()) {
            mesh.replica.v1.LeavingKnown known = others.getOrDefault(replica, Map.of()).get(sidecar.word());
            if (known == null || !known.getInstance().equals(instance)) {
                all.add("replica " + replica);
            } else {
                all.addAll(known.getWaitingForList());
            }
        }
        return all;
    }

    @Override
    public synchronized void said(String replica, String word, byte[] what) {
        Map<String, mesh.replica.v1.LeavingKnown> its = others.computeIfAbsent(replica, none -> new HashMap<>());
        try {
            if (what.length == 0) {
                its.remove(word);
            } else {
                its.put(word, mesh.replica.v1.LeavingKnown.parseFrom(what));
            }
        } catch (InvalidProtocolBufferException e) {
            LOG.errorf("who waits for a sidecar that leaves, by word of replica %s, cannot be read: %s", replica, e.getMessage());
        }
    }

    @Override
    public synchronized void gone(String replica) {
        others.remove(replica);
    }
}
