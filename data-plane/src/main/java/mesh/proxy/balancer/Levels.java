package mesh.proxy.balancer;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntFunction;
import java.util.function.IntSupplier;
import java.util.random.RandomGenerator;
import mesh.model.Cluster;
import mesh.time.Ticker;

/**
 * Chooses a level of a cluster's endpoints first, and then one of them by the cluster's balancer. Levels are what operators call priorities,
 * and within one of those what is near before what is far. Built for a list and replaced with it, as balancers are.
 *
 * <p>What follows from health and from time, the levels' loads and the weights of new endpoints, is one immutable table. A pick that finds it
 * old makes the next one: that is once for each change of any endpoint's health, and while some are new for each hundredth of the slow
 * start's window. Others go on with the old one meanwhile, whose endpoints know for themselves whether they are usable. So picks take no lock,
 * and with one level, all of it healthy, they cost two reads more than its balancer's own.
 */
public final class Levels<M extends Levels.Member<M>> {

    /** What stands on a level. Asked when a table is made, from any thread. */
    public interface Member<M> extends Candidate {

        /** Which one; lower ones come first. */
        int level();

        /** Whether it is about to go: then it counts for nothing. */
        boolean isDraining();

        /** Whether nothing speaks against it but perhaps its breaker. */
        boolean isHealthy();

        /** What it is to get of its weight, above 0 and at most 1, because it is new. */
        double share();

        /** The same endpoint to a balancer that weighs it so. @param inPanic whether its health is to be ignored */
        M as(int weight, boolean inPanic);
    }

    /**
     * A level at one moment, for people.
     *
     * @param level   as its members say
     * @param percent of the requests that go there
     * @param inPanic whether health is ignored there
     */
    public record View(int level, int hosts, int healthy, int percent, boolean inPanic) {}

    /** Weights of new endpoints are rounded to this part of the smallest one. */
    private static final int FINE = 100;
    private static final int STEPS = 100;
    private static final long SHORTEST_STEP_NANOS = 10_000_000;

    private final Cluster cluster;
    private final List<Level<M>> levels;
    private final IntSupplier changes;
    private final Ticker ticker;
    private final RandomGenerator random;
    private final Runnable onPanic;
    private final long stepNanos;
    private final AtomicBoolean making = new AtomicBoolean();
    private volatile Table<M> table;

    private record Level<M>(int number, List<M> members) {}

    /** A level's balancer. @param inPanic whether it was made to ignore health. @param warm whether it has everybody's full weight */
    private record Choice<M extends Member<M>>(Level<M> level, Balancer<M> balancer, boolean inPanic, boolean warm) {}

    /**
     * @param version what {@link #changes} said before anything was looked at
     * @param warming whether some endpoint is new, so that the table holds only until {@code until}
     */
    private record Table<M extends Member<M>>(int version, boolean warming, long until, LevelLoads loads, List<Choice<M>> choices, List<View> views) {}

    /**
     * @param cluster says how to choose
     * @param changes counts every change of any member's health; asked on every pick
     * @param random  any thread may call it
     * @param onPanic told of each pick on a level whose health is ignored
     * @param before  what it takes the place of; null for none
     */
    public Levels(Cluster cluster, List<M> members, IntSupplier changes, Ticker ticker, RandomGenerator random, Runnable onPanic, Levels<M> before) {
        this.cluster = cluster;
        this.changes = changes;
        this.ticker = ticker;
        this.random = random;
        this.onPanic = onPanic;
        this.stepNanos = cluster.balancing().slowStart().map(slow -> Math.max(SHORTEST_STEP_NANOS, slow.window().toNanos() / STEPS)).orElse(0L);
        Map<Integer, List<M>> byLevel = new TreeMap<>();
        members.forEach(each -> byLevel.computeIfAbsent(each.level(), level -> new ArrayList<>()).add(each));
        this.levels = byLevel.entrySet().stream().map(each -> new Level<>(each.getKey(), List.copyOf(each.getValue()))).toList();
        this.table = next(level -> before == null ? null : before.formerly(level));
    }

    /**
     * The next member that is usable: of the level whose turn it is, or else of another that has one.
     *
     * @param tried those this request has tried already: avoided while another usable one is left on any level; usually empty
     * @param key   what the request goes by, as balancers are told it; the same key goes to the same level
     * @return null when none is usable
     */
    public M pick(List<M> tried, long key) {
        if (levels.isEmpty()) return null;
        Table<M> now = table();
        int first = now.loads.only();
        if (first < 0) first = now.loads.at(percent(key));
        M chosen = pick(now, first, tried, key);
        if (chosen != null && !Selection.contains(tried, chosen)) return chosen;
        for (int i = 0; i < levels.size(); i++) {
            if (i == first) continue;
            M other = pick(now, i, tried, key);
            if (other != null && !Selection.contains(tried, other)) return other;
            if (chosen == null) chosen = other;
        }
        return chosen;
    }

    private int percent(long key) {
        return key == Balancer.NO_KEY ? random.nextInt(100) : (int) Long.remainderUnsigned(XxHash64.mix(key), 100);
    }

    private M pick(Table<M> now, int level, List<M> tried, long key) {
        M chosen = now.choices.get(level).balancer.pick(tried, key);
        if (chosen != null && now.loads.inPanic(level)) onPanic.run();
        return chosen;
    }

    /** Each level, the first one first. */
    public List<View> views() {
        return table().views;
    }

    private Table<M> table() {
        Table<M> now = table;
        if (now.version == changes.getAsInt() && !(now.warming && ticker.nanos() - now.until >= 0)) return now;
        if (!making.compareAndSet(false, true)) return now;
        try {
            Table<M> next = next(this::formerly);
            table = next;
            return next;
        } finally {
            making.set(false);
        }
    }

    /** What chooses on that level now; null for nothing. */
    private Choice<M> formerly(int number) {
        for (int i = 0; i < levels.size(); i++) {
            if (levels.get(i).number == number) return table.choices.get(i);
        }
        return null;
    }

    private Table<M> next(IntFunction<Choice<M>> before) {
        int version = changes.getAsInt();
        int n = levels.size();
        int[] hosts = new int[n];
        int[] healthy = new int[n];
        for (int i = 0; i < n; i++) {
            for (M each : levels.get(i).members) {
                if (each.isDraining()) continue;
                hosts[i]++;
                if (each.isHealthy()) healthy[i]++;
            }
        }
        LevelLoads loads = LevelLoads.of(hosts, healthy, cluster.balancing().panicThreshold());
        List<Choice<M>> choices = new ArrayList<>();
        List<View> views = new ArrayList<>();
        boolean warming = false;
        for (int i = 0; i < n; i++) {
            double[] shares = levels.get(i).members.stream().mapToDouble(Member::share).toArray();
            for (double share : shares) warming |= share < 1;
            choices.add(choice(levels.get(i), shares, loads.inPanic(i), before.apply(levels.get(i).number)));
            views.add(new View(levels.get(i).number, hosts[i], healthy[i], loads.load(i), loads.inPanic(i)));
        }
        return new Table<>(version, warming, ticker.nanos() + stepNanos, loads, List.copyOf(choices), List.copyOf(views));
    }

    private Choice<M> choice(Level<M> level, double[] shares, boolean inPanic, Choice<M> before) {
        // Those that are all equally new are as good as old ones: what counts is how they compare.
        boolean warm = true;
        for (double share : shares) warm &= share == shares[0];
        // The same list keeps the balancer and its turns.
        if (before != null && before.level == level && warm && before.warm && inPanic == before.inPanic) return before;
        List<M> weighed = new ArrayList<>();
        for (int i = 0; i < shares.length; i++) {
            M each = level.members.get(i);
            weighed.add(each.as(warm ? each.weight() : (int) Math.max(1, Math.round(each.weight() * shares[i] * FINE)), inPanic));
        }
        return new Choice<>(level, Balancers.of(cluster.balancer(), cluster.hash(), weighed, random, before == null ? null : before.balancer), inPanic, warm);
    }
}
