package mesh.control.rollout;

import com.google.protobuf.InvalidProtocolBufferException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import mesh.control.replica.Board;
import mesh.replica.v1.WaveTraffic;
import mesh.v1.TrafficReport;
import org.jboss.logging.Logger;

/**
 * What sidecars have reported since a wave bakes: each replica adds up what those say that report to it, and tells the others. Clocks of two
 * replicas are never compared. Any thread.
 */
final class SharedTraffic implements Board.Listener {

    private static final Logger LOG = Logger.getLogger(SharedTraffic.class);
    private static final String TOPIC = "traffic", WORD = "wave";

    private final Board board;
    private final InstantSource clock;
    private final Map<String, WaveTraffic> others = new HashMap<>();
    private Wave wave;
    private Instant bakesSince;
    private TrafficSeen seen = new TrafficSeen();

    SharedTraffic(Board board, InstantSource clock) {
        this.board = board;
        this.clock = clock;
        board.hear(TOPIC, this);
    }

    /** This wave is on. @param bakes whether the leader says that all have acknowledged it */
    synchronized void at(Wave on, boolean bakes) {
        if (wave == null || !wave.isSame(on)) {
            wave = on;
            bakesSince = null;
            seen = new TrafficSeen();
        }
        if (bakes && bakesSince == null) {
            bakesSince = clock.instant();
        }
    }

    synchronized void report(TrafficReport report) {
        Instant began = clock.instant().minus(Duration.ofSeconds(report.getInterval().getSeconds(), report.getInterval().getNanos()));
        // What was before they had it says nothing of it.
        if (wave != null && bakesSince != null && !began.isBefore(bakesSince) && wave.concerns(report.getNode())) {
            seen.add(report.getRequests(), report.getFailures(), report.getDurationsList());
            board.say(TOPIC, WORD, this::encoded);
        }
    }

    private synchronized byte[] encoded() {
        return WaveTraffic.newBuilder().setRollout(wave.id()).setWave(wave.number())
            .setRequests(seen.requests()).setFailures(seen.failures()).addAllDurations(seen.durations()).build().toByteArray();
    }

    /** Of a wave, at all replicas. */
    synchronized TrafficSeen of(Wave on) {
        TrafficSeen all = new TrafficSeen();
        if (wave != null && wave.isSame(on)) {
            all.add(seen.requests(), seen.failures(), seen.durations());
        }
        others.values().stream().filter(each -> each.getRollout().equals(on.id()) && each.getWave() == on.number())
            .forEach(each -> all.add(each.getRequests(), each.getFailures(), each.getDurationsList()));
        return all;
    }

    @Override
    public synchronized void said(String replica, String word, byte[] what) {
        try {
            others.put(replica, WaveTraffic.parseFrom(what));
        } catch (InvalidProtocolBufferException e) {
            LOG.errorf("what the sidecars of replica %s report cannot be read: %s", replica, e.getMessage());
        }
    }

    /** What its sidecars have seen was so all the same. */
    @Override
    public void gone(String replica) {}
}
