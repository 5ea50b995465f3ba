package mesh.control.rollout;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import mesh.control.stream.SidecarRegistry.Sidecar;
import mesh.digest.Sha256;
import mesh.model.ApplyResult;
import mesh.model.Cluster;
import mesh.model.EndpointSet;
import mesh.model.MeshSnapshot;
import mesh.v1.TrafficReport;
import org.jboss.logging.Logger;

/** One change on its way through its waves. Steps on one thread; what sidecars see of it is asked on any. */
public final class Rollout {

    private static final Logger LOG = Logger.getLogger(Rollout.class);
    /** Of fewer requests a share says nothing. */
    private static final int FEWEST = 20;

    /**
     * How far it is.
     *
     * @param state   {@code running}, {@code done} or {@code aborted}
     * @param wave    from 1
     * @param version of this wave
     * @param given   the nodes that have it
     * @param applied how many of them have acknowledged it
     * @param reason  why it was aborted; "" otherwise
     * @param after   the version that holds what was before; 0 unless aborted
     */
    public record News(String state, int wave, int waves, long version, int concerned, List<String> given, int applied, long requests, long failures,
        Duration p99, String reason, long after) {}

    /** Who sees the change from a version on; empty for everybody. */
    private record Stage(Optional<Set<String>> given) {

        static final Stage ALL = new Stage(Optional.empty());
    }

    /** What was before, as it is beside a version. */
    private record Before(MeshSnapshot whole, MeshSnapshot view) {}

    private final RolloutPlan plan;
    private final Rollouts.Tools tools;
    private final MeshSnapshot base;
    private final List<String> ranked;
    private final String author;
    private final Consumer<News> told;
    private final ConcurrentSkipListMap<Long, Stage> stages = new ConcurrentSkipListMap<>();
    private volatile MeshSnapshot target;
    private volatile Before before;
    private volatile boolean over;
    private boolean begun;
    private volatile String asked = "";

    private int wave = 1;
    private long version;
    private Instant bakesSince;
    private TrafficSeen seen = new TrafficSeen();
    private News last;

    Rollout(RolloutPlan plan, Rollouts.Tools tools, MeshSnapshot base, List<String> concerned, String author, Consumer<News> told) {
        this.plan = plan;
        this.tools = tools;
        this.base = base;
        this.author = author;
        this.told = told;
        // By nobody's choice, and the same in every rollout.
        Map<String, String> ranks = new HashMap<>();
        concerned.forEach(node -> ranks.put(node, Sha256.hex(node.getBytes(StandardCharsets.UTF_8))));
        this.ranked = concerned.stream().sorted(Comparator.comparing(ranks::get)).toList();
    }

    /** The first wave's version is decided: it is what holds the change. On the store's thread, before anybody is told. */
    void beginsWith(MeshSnapshot first) {
        target = first;
        version = first.version();
        stages.clear();
        stages.put(version, stage(1));
    }

    /** The change is none. */
    synchronized void nothingToDo() {
        stages.clear();
        version = base.version();
        wave = plan.waves().size();
        tools.over().run();
        over = true;
        tell("done", 0, "", 0);
    }

    private Stage stage(int number) {
        return number == plan.waves().size() ? Stage.ALL : new Stage(Optional.of(Set.copyOf(given(number))));
    }

    private List<String> given(int number) {
        int count = (int) Math.ceil(ranked.size() * plan.waves().get(number - 1) / 100);
        return ranked.subList(0, Math.min(ranked.size(), Math.max(1, count)));
    }

    boolean isGiven(long ofVersion, String node) {
        Map.Entry<Long, Stage> stage = stages.floorEntry(ofVersion);
        return stage == null || stage.getValue().given.map(nodes -> nodes.contains(node)).orElse(true);
    }

    /**
     * What those see who have not been given the change: what was before, with the endpoints of now where the change has left them alone, and
     * with the clusters that discovery has found meanwhile.
     */
    MeshSnapshot before(MeshSnapshot whole) {
        Before known = before;
        // By identity: one version may be shown with endpoints that drain, and without.
        if (known != null && known.whole == whole) {
            return known.view;
        }
        Map<String, EndpointSet> endpoints = new LinkedHashMap<>(base.endpoints());
        endpoints.replaceAll((cluster, set) ->
            set.equals(target.endpoints().get(cluster)) ? whole.endpoints().getOrDefault(cluster, set) : set);
        Map<String, Cluster> clusters = new LinkedHashMap<>(base.clusters());
        whole.clusters().forEach((name, cluster) -> {
            if (!target.clusters().containsKey(name) && clusters.putIfAbsent(name, cluster) == null && whole.endpoints().containsKey(name)) {
                endpoints.put(name, whole.endpoints().get(name));
            }
        });
        MeshSnapshot made = new MeshSnapshot(whole.version(), base.listeners(), base.routeTables(), clusters, endpoints, whole.trust(),
            base.federation());
        before = new Before(whole, made);
        return made;
    }

    boolean isOver() {
        return over;
    }

    public String describe() {
        return "the rollout of version " + target.version() + " is in wave " + wave + " of " + plan.waves().size();
    }

    /** Ends it now. Any thread. @return the version that holds what was before; 0 when it was over already */
    public long abort(String why) {
        asked = why;
        step();
        News news = news();
        return news == null ? 0 : news.after;
    }

    /** How far it is; null before the first step. */
    public synchronized News news() {
        return last;
    }

    synchronized void report(TrafficReport report) {
        Instant began = tools.clock().instant().minus(Duration.ofSeconds(report.getInterval().getSeconds(), report.getInterval().getNanos()));
        // What was before they had it says nothing of it.
        if (bakesSince != null && !began.isBefore(bakesSince) && given(wave).contains(report.getNode())) {
            seen.add(report);
        }
    }

    /** It is written: from now on it steps. */
    synchronized void begins() {
        begun = true;
    }

    /** Looks, and does what is due. Fails where that cannot be done, and does it the next time. */
    synchronized void step() {
        if (!begun || over) {
            return;
        }
        Set<String> given = Set.copyOf(given(wave));
        List<Sidecar> theirs = tools.sidecars().list().stream().filter(each -> given.contains(each.node())).toList();
        List<Sidecar> connected = theirs.stream().filter(Sidecar::connected).toList();
        int applied = (int) connected.stream().filter(each -> each.acknowledgedVersion() >= version).count();
        String reason = reason(theirs);
        if (!reason.isEmpty()) {
            long after = putBack(reason);
            tools.over().run();
            over = true;
            tell("aborted", applied, reason, after);
            return;
        }
        if (bakesSince == null && applied == connected.size()) {
            bakesSince = tools.clock().instant();
        }
        boolean baked = bakesSince != null && !tools.clock().instant().isBefore(bakesSince.plus(plan.bake()));
        if (baked && wave == plan.waves().size()) {
            tools.over().run();
            over = true;
            tell("done", applied, "", 0);
            return;
        }
        tell("running", applied, "", 0);
        if (baked) {
            next();
        }
    }

    private void next() {
        int number = wave + 1;
        String message = "rollout of version " + target.version() + ": wave " + number + " of " + plan.waves().size();
        version = tools.store().mark(decided -> stages.put(decided, stage(number)), author, message);
        wave = number;
        bakesSince = null;
        seen = new TrafficSeen();
    }

    /** Why it has to end; "" when it may go on. */
    private String reason(List<Sidecar> theirs) {
        if (!asked.isEmpty()) {
            return asked;
        }
        if (plan.onRejection()) {
            for (Sidecar each : theirs) {
                if (each.rejection().filter(rejection -> rejection.version() >= target.version()).isPresent()) {
                    return "rejections: " + each.node() + ": " + each.rejection().get().message();
                }
            }
        }
        if (seen.requests() < FEWEST) {
            return "";
        }
        if (seen.errorRate() > plan.mostErrors()) {
            return String.format(Locale.ROOT, "error-rate: %.1f%% of %d requests failed (expected: at most %s%%)", seen.errorRate(), seen.requests(),
                text(plan.mostErrors()));
        }
        if (!plan.mostP99().isZero() && seen.p99().compareTo(plan.mostP99()) > 0) {
            return "p99: " + seen.p99().toMillis() + "ms of " + seen.requests() + " requests (expected: at most " + plan.mostP99().toMillis() + "ms)";
        }
        return "";
    }

    private static String text(double percent) {
        return percent == Math.rint(percent) ? Long.toString((long) percent) : Double.toString(percent);
    }

    private long putBack(String reason) {
        LOG.warnf("%s and is taken back: %s", describe(), reason);
        ApplyResult result = tools.store().edit(0, now -> {
            // Whoever was not given the change goes on with what it has.
            stages.put(now.version() + 1, Stage.ALL);
            return before(now);
        }, author, shortened("rollout of version " + target.version() + " aborted: " + reason));
        if (result instanceof ApplyResult.Rejected rejected) {
            throw new IllegalStateException("what was before is not a configuration any more: " + rejected.problems());
        }
        return ((ApplyResult.Applied) result).version();
    }

    private static String shortened(String text) {
        return text.length() <= 500 ? text : text.substring(0, 500) + "…";
    }

    private void tell(String state, int applied, String reason, long after) {
        News now = new News(state, wave, plan.waves().size(), version, ranked.size(), given(wave), applied, seen.requests(), seen.failures(), seen.p99(),
            reason, after);
        if (!now.equals(last)) {
            last = now;
            told.accept(now);
        }
    }
}
