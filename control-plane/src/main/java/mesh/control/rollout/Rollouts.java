package mesh.control.rollout;

import com.google.common.util.concurrent.MoreExecutors;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import mesh.control.messages.Values;
import mesh.control.replica.Board;
import mesh.control.store.MeshStore;
import mesh.control.store.SharedViews;
import mesh.control.store.Staging;
import mesh.control.stream.NodeView;
import mesh.control.stream.SidecarRegistry;
import mesh.model.MeshSnapshot;
import mesh.replica.v1.Rollout;
import mesh.replica.v1.WaveSeen;
import mesh.v1.TrafficReport;
import org.jboss.logging.Logger;

/**
 * What each sidecar is to see: the current configuration, or what was before it as long as a change is rolled out that it has not been given. One
 * rollout at a time, on all replicas.
 *
 * <p>Each wave is a version of the store, so that the numbers that a sidecar is sent only grow, and how far the rollout is stands in the version.
 * So every replica knows who sees what before it tells anybody; and of two that would take the next step, the store's log lets one in.
 *
 * <p>The replica that leads watches and takes the steps. Another one that comes to lead goes on with the wave that is on, which bakes anew then.
 * Where no replica was left to watch, the rollout is taken back by the first that is opened.
 */
public final class Rollouts implements NodeView, Closeable {

    private static final Logger LOG = Logger.getLogger(Rollouts.class);
    private static final long STEP_MILLIS = 200;
    private static final String TOPIC = "rollout", WORD = "wave";
    private static final int MOST_ENDS = 16, MOST_WAVES = 64, LONGEST_REASON = 500;
    private static final String CUT_SHORT = "its control plane was stopped, and nobody has watched";

    /** Somebody else has taken a step meanwhile. */
    private static final class MovedException extends RuntimeException {

        private static final long serialVersionUID = 1;
    }

    /** Whoever is told of one. */
    private record Caller(String rollout, Consumer<RolloutNews> told) {}

    private final MeshStore store;
    private final SidecarRegistry sidecars;
    private final Board board;
    private final BooleanSupplier leads;
    private final InstantSource clock;
    private final SharedTraffic traffic;
    private final NodeView current = new SharedViews();
    private final NodeView previous = new SharedViews();
    private final BeforeChange before;
    private final Map<Rollout, Wave> waves = new ConcurrentHashMap<>();
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread made = new Thread(task, "mesh-rollout");
        made.setDaemon(true);
        return made;
    });
    private final Map<Caller, RolloutNews> callers = new ConcurrentHashMap<>();
    /** How the last ones ended, by their ids. Guarded by itself. */
    private final Map<String, RolloutNews> ends = new LinkedHashMap<>();
    /** What the leader said last. */
    private volatile Optional<WaveSeen> heard = Optional.empty();
    private WaveWatch watch;

    /**
     * @param leads whether this replica takes the steps
     * @throws IOException when one was cut short and cannot be taken back
     */
    public static Rollouts open(MeshStore store, SidecarRegistry sidecars, Board board, BooleanSupplier leads, InstantSource clock)
        throws IOException {
        Rollouts rollouts = new Rollouts(store, sidecars, board, leads, clock);
        rollouts.takeBackWhatNobodyWatched();
        rollouts.thread.scheduleWithFixedDelay(rollouts::step, STEP_MILLIS, STEP_MILLIS, TimeUnit.MILLISECONDS);
        return rollouts;
    }

    private Rollouts(MeshStore store, SidecarRegistry sidecars, Board board, BooleanSupplier leads, InstantSource clock) {
        this.store = store;
        this.sidecars = sidecars;
        this.board = board;
        this.leads = leads;
        this.clock = clock;
        this.traffic = new SharedTraffic(board, clock);
        this.before = new BeforeChange(store.history());
        store.onChange(this::remember);
        board.hear(TOPIC, new Board.Listener() {
            @Override
            public void said(String replica, String word, byte[] what) {
                hear(replica, what);
            }

            @Override
            public void gone(String replica) {}
        });
    }

    private void takeBackWhatNobodyWatched() throws IOException {
        Optional<Wave> on = running();
        if (on.isEmpty() || !board.others().isEmpty()) {
            return;
        }
        try {
            abort(on.get(), CUT_SHORT);
        } catch (RuntimeException e) {
            throw new IOException(on.get().describe() + " and was cut short; it cannot be taken back: " + e.getMessage(), e);
        }
    }

    /**
     * Begins one.
     *
     * @param base      what is current, and must be when it is written
     * @param concerned the nodes that the change concerns
     * @param told      of each news, on the rollouts' thread
     * @throws RolloutOnException when one is on
     */
    public void begin(RolloutPlan plan, MeshSnapshot base, List<String> concerned, String author, Consumer<RolloutNews> told, Write write) {
        running().ifPresent(Rollouts::refuse);
        String id = Wave.newId();
        Caller caller = new Caller(id, told);
        RolloutNews nothing = new RolloutNews("running", plan.waves().size(), plan.waves().size(), base.version(), concerned.size(), concerned,
            0, 0, 0, Duration.ZERO, "", 0);
        callers.put(caller, nothing);
        try {
            long version = write.now((now, target) -> {
                now.map(this::wave).filter(each -> !each.isOver()).ifPresent(Rollouts::refuse);
                return Optional.of(Wave.first(id, plan, concerned, author, target));
            });
            if (version == base.version()) {
                callers.remove(caller);
                told.accept(nothing.ended("done", "", 0));
            }
        } catch (RuntimeException e) {
            callers.remove(caller);
            throw e;
        }
    }

    /** How a change becomes a version. */
    @FunctionalInterface
    public interface Write {

        /** @return its number; the one before if it changes nothing */
        long now(Staging staging);
    }

    /** For a write that cannot be told apart from a rollout: it is refused while one is on, and whoever is faster. */
    public Staging whileNoneIsOn() {
        return (now, version) -> {
            now.map(this::wave).filter(each -> !each.isOver()).ifPresent(Rollouts::refuse);
            return Optional.empty();
        };
    }

    /** @throws RolloutOnException when one is on */
    public void refuseWhileOneIsOn() {
        running().ifPresent(Rollouts::refuse);
    }

    private static void refuse(Wave on) {
        throw new RolloutOnException(on.describe() + " (expected: writes of endpoints alone, until it is over or aborted)");
    }

    /** The one that is on. */
    public Optional<Wave> running() {
        return store.rollout().map(this::wave).filter(each -> !each.isOver());
    }

    private Wave wave(Rollout rollout) {
        if (waves.size() > MOST_WAVES) {
            waves.clear();
        }
        return waves.computeIfAbsent(rollout, Wave::new);
    }

    /** Ends the one that is on. Any thread. @return the version that holds what was before; empty when none is on */
    public Optional<Long> abort(String why) {
        try {
            return running().map(on -> abort(on, why));
        } catch (MovedException e) {
            return Optional.empty();
        }
    }

    private long abort(Wave on, String reason) {
        LOG.warnf("%s and is taken back: %s", on.describe(), reason);
        String message = "rollout of version " + on.target() + " aborted: " + reason;
        return store.stage(now -> before.of(on, now), (now, version) -> Optional.of(same(on, now, false).aborted(reason)), on.author(),
            message.length() <= LONGEST_REASON ? message : message.substring(0, LONGEST_REASON) + "…");
    }

    /** The wave as it is now. */
    private Wave same(Wave on, Optional<Rollout> now, boolean wave) {
        return now.map(this::wave).filter(each -> !each.isOver() && each.id().equals(on.id()) && (!wave || each.isSame(on)))
            .orElseThrow(MovedException::new);
    }

    /** What a sidecar has seen. Any thread. */
    public void report(TrafficReport report) {
        traffic.report(report);
    }

    private void step() {
        try {
            Optional<Wave> running = running();
            if (running.isPresent()) {
                if (leads.getAsBoolean()) lead(running.get());
                else follow(running.get());
            }
        } catch (MovedException e) {
            LOG.debugf("another replica has taken a step");
        } catch (RuntimeException e) {
            LOG.errorf(e, "a step of the rollout failed; it is tried again");
        }
        tellEnds();
    }

    private void lead(Wave on) {
        if (watch == null || !watch.isOf(on)) {
            watch = new WaveWatch(on);
        }
        TrafficSeen seen = traffic.of(on);
        WaveWatch.Sight sight = watch.look(sidecars.list(), sidecars.lost(), seen, clock.instant());
        traffic.at(on, sight.bakes());
        RolloutNews news = on.news(sight.applied(), seen);
        tell(on.id(), news);
        board.say(TOPIC, WORD, () -> WaveSeen.newBuilder().setRollout(on.id()).setWave(on.number()).setBakes(sight.bakes())
            .setApplied(sight.applied()).setRequests(seen.requests()).setFailures(seen.failures()).setP99(Values.message(seen.p99())).build().toByteArray());
        if (!sight.reason().isEmpty()) {
            abort(on, sight.reason());
        } else if (sight.baked()) {
            String what = "rollout of version " + on.target() + ": " + (on.isLast() ? "done" : "wave " + (on.number() + 1) + " of " + news.waves());
            store.stage(now -> now, (now, version) -> {
                Wave same = same(on, now, true);
                return Optional.of(same.isLast() ? same.done() : same.next(version));
            }, on.author(), what);
        }
    }

    private void follow(Wave on) {
        watch = null;
        Optional<WaveSeen> seen = heard.filter(each -> each.getRollout().equals(on.id()) && each.getWave() == on.number());
        traffic.at(on, seen.map(WaveSeen::getBakes).orElse(false));
        seen.ifPresent(each -> tell(on.id(), new RolloutNews("running", on.number(), on.plan().waves().size(), on.version(),
            on.news(0, new TrafficSeen()).concerned(), on.given(), each.getApplied(), each.getRequests(), each.getFailures(),
            Values.duration(each.getP99()), "", 0)));
    }

    private void hear(String replica, byte[] what) {
        try {
            heard = Optional.of(WaveSeen.parseFrom(what));
        } catch (InvalidProtocolBufferException e) {
            LOG.errorf("how far replica %s sees the rollout cannot be read: %s", replica, e.getMessage());
        }
    }

    private void tell(String id, RolloutNews news) {
        callers.forEach((caller, last) -> {
            if (caller.rollout.equals(id) && !news.equals(last)) {
                callers.put(caller, news);
                caller.told.accept(news);
            }
        });
    }

    /** On the store's thread: each version is told once, and so is each end. */
    private void remember(MeshSnapshot next) {
        store.rollout(next.version()).map(this::wave).filter(Wave::isOver).ifPresent(over -> {
            RolloutNews last = over.news(0, new TrafficSeen());
            synchronized (ends) {
                ends.put(over.id(), over.reason().isEmpty() ? last.ended("done", "", 0) : last.ended("aborted", over.reason(), next.version()));
                if (ends.size() > MOST_ENDS) {
                    ends.remove(ends.keySet().iterator().next());
                }
            }
        });
    }

    private void tellEnds() {
        Map<String, RolloutNews> known;
        synchronized (ends) {
            known = new HashMap<>(ends);
        }
        callers.forEach((caller, last) -> {
            RolloutNews end = known.get(caller.rollout);
            if (end != null && callers.remove(caller) != null) {
                // With the numbers that were seen last, if they are of the wave that it ended in.
                caller.told.accept(last.wave() == end.wave() ? last.ended(end.state(), end.reason(), end.after()) : end);
            }
        });
    }

    @Override
    public MeshSnapshot view(MeshSnapshot whole, String workload, String node) {
        Optional<Wave> on = notGiven(whole, node);
        return on.isEmpty() ? current.view(whole, workload, node) : previous.view(before.of(on.get(), whole), workload, node);
    }

    @Override
    public MeshSnapshot whole(MeshSnapshot whole, String node) {
        return notGiven(whole, node).map(on -> before.of(on, whole)).orElse(whole);
    }

    /** The rollout that a version is part of, and that the node has not been given. */
    private Optional<Wave> notGiven(MeshSnapshot whole, String node) {
        return store.rollout(whole.version()).map(this::wave).filter(on -> !on.isGiven(node));
    }

    @Override
    public void close() {
        // Not interrupted: a step may be writing.
        MoreExecutors.shutdownAndAwaitTermination(thread, Duration.ofSeconds(5));
    }
}
