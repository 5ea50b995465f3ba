package mesh.control.rollout;

import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import mesh.control.messages.Values;
import mesh.digest.Sha256;
import mesh.replica.v1.Rollout;

/** One change on its way, as far as it is in a version of the configuration: all that decides who is to see what. Any thread. */
public final class Wave {

    private final Rollout rollout;
    private final RolloutPlan plan;
    private final List<String> given;
    private final Set<String> lookup;

    Wave(Rollout rollout) {
        this.rollout = rollout;
        this.plan = new RolloutPlan(rollout.getWavesList(), Values.duration(rollout.getBake()), rollout.getAbortOnRejection(),
            rollout.getMostErrorsPercent(), Values.duration(rollout.getMostP99()));
        int count = (int) Math.ceil(rollout.getNodesCount() * plan.waves().get(rollout.getWave() - 1) / 100);
        this.given = List.copyOf(rollout.getNodesList().subList(0, Math.min(rollout.getNodesCount(), Math.max(1, count))));
        this.lookup = Set.copyOf(given);
    }

    /**
     * The first one.
     *
     * @param concerned the nodes that the change concerns
     * @param target    the version that holds it
     */
    static Rollout first(String id, RolloutPlan plan, List<String> concerned, String author, long target) {
        // By nobody's choice, and the same in every rollout.
        Map<String, String> ranks = new HashMap<>();
        concerned.forEach(node -> ranks.put(node, Sha256.hex(node.getBytes(StandardCharsets.UTF_8))));
        return Rollout.newBuilder().setId(id).setBase(target - 1).setTarget(target)
            .addAllNodes(concerned.stream().distinct().sorted(Comparator.comparing(ranks::get)).toList())
            .addAllWaves(plan.waves()).setBake(Values.message(plan.bake())).setAbortOnRejection(plan.onRejection())
            .setMostErrorsPercent(plan.mostErrors()).setMostP99(Values.message(plan.mostP99())).setWave(1).setWaveVersion(target)
            .setAuthor(author).build();
    }

    static String newId() {
        return UUID.randomUUID().toString();
    }

    /** @param version that it begins with */
    Rollout next(long version) {
        return rollout.toBuilder().setWave(number() + 1).setWaveVersion(version).build();
    }

    Rollout done() {
        return rollout.toBuilder().setOver(true).build();
    }

    Rollout aborted(String reason) {
        return rollout.toBuilder().setOver(true).setAborted(reason).build();
    }

    String id() {
        return rollout.getId();
    }

    RolloutPlan plan() {
        return plan;
    }

    String author() {
        return rollout.getAuthor();
    }

    /** From 1. */
    int number() {
        return rollout.getWave();
    }

    boolean isLast() {
        return number() == plan.waves().size();
    }

    boolean isOver() {
        return rollout.getOver();
    }

    String reason() {
        return rollout.getAborted();
    }

    /** That was before the change. */
    long base() {
        return rollout.getBase();
    }

    /** That holds the change. */
    long target() {
        return rollout.getTarget();
    }

    /** That this wave began with. */
    long version() {
        return rollout.getWaveVersion();
    }

    /** The nodes that have the change, of those that it concerns; at least one. */
    List<String> given() {
        return given;
    }

    boolean concerns(String node) {
        return lookup.contains(node);
    }

    /** Whether a node is to see the change: with the last wave, and when it is over, everybody. */
    boolean isGiven(String node) {
        return isOver() || isLast() || lookup.contains(node);
    }

    boolean isSame(Wave other) {
        return id().equals(other.id()) && number() == other.number();
    }

    public String describe() {
        return "the rollout of version " + target() + " is in wave " + number() + " of " + plan.waves().size();
    }

    RolloutNews news(int applied, TrafficSeen seen) {
        return new RolloutNews("running", number(), plan.waves().size(), version(), rollout.getNodesCount(), given, applied, seen.requests(),
            seen.failures(), seen.p99(), "", 0);
    }
}
