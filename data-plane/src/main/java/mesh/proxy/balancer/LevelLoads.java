package mesh.proxy.balancer;

import java.util.Arrays;

/**
 * How requests are shared out among levels, and on which of them health is ignored. Envoy's arithmetic of priorities, in whole percent.
 *
 * <p>A level takes as much as 1.4 times its healthy share can carry, so a few unhealthy ones leave it all its requests; what it cannot take
 * goes to the next. Where all levels together cannot carry everything each gets its part of what they can, and a level that is less healthy
 * than the panic threshold uses its unhealthy ones too: better a request that may fail than one healthy endpoint that carries all. When
 * every level is so, requests go to all endpoints alike.
 */
final class LevelLoads {

    private static final int OVERPROVISIONING_PERCENT = 140;

    private final int[] loads;
    private final boolean[] panic;
    /** The only level that gets anything, or -1. */
    private final int only;

    private LevelLoads(int[] loads, boolean[] panic) {
        this.loads = loads;
        this.panic = panic;
        int most = 0;
        for (int i = 1; i < loads.length; i++) most = loads[i] > loads[most] ? i : most;
        this.only = loads.length > 0 && loads[most] == 100 ? most : -1;
    }

    /**
     * Shares out 100 percent.
     *
     * @param hosts          of each level, those that may get requests when they are healthy
     * @param healthy        of them
     * @param panicThreshold in percent, 0 for never
     */
    static LevelLoads of(int[] hosts, int[] healthy, int panicThreshold) {
        int n = hosts.length;
        int[] carries = new int[n];
        for (int i = 0; i < n; i++) {
            carries[i] = hosts[i] == 0 ? 0 : (int) Math.min(100, (long) OVERPROVISIONING_PERCENT * healthy[i] / hosts[i]);
        }
        int total = Math.min(100, Arrays.stream(carries).sum());
        boolean[] panic = new boolean[n];
        for (int i = 0; i < n; i++) {
            panic[i] = total < 100 && (hosts[i] == 0 ? 0 : 100L * healthy[i] / hosts[i]) < panicThreshold;
        }
        boolean all = n > 0 && panicThreshold > 0;
        for (boolean each : panic) all &= each;
        return new LevelLoads(all ? byHosts(hosts) : byHealth(carries, total), panic);
    }

    private static int[] byHealth(int[] carries, int total) {
        int[] loads = new int[carries.length];
        int left = 100;
        for (int i = 0; i < loads.length && total > 0; i++) {
            loads[i] = Math.min(left, carries[i] * 100 / total);
            left -= loads[i];
        }
        return withRest(loads, carries, left);
    }

    private static int[] byHosts(int[] hosts) {
        int[] loads = new int[hosts.length];
        long all = Arrays.stream(hosts).asLongStream().sum();
        int left = 100;
        for (int i = 0; i < loads.length && all > 0; i++) {
            loads[i] = (int) (100L * hosts[i] / all);
            left -= loads[i];
        }
        return withRest(loads, hosts, left);
    }

    /** What rounding has left goes to the first level that has anything, and to the first of all when none has. */
    private static int[] withRest(int[] loads, int[] has, int left) {
        if (loads.length == 0) return loads;
        int first = 0;
        while (first < has.length - 1 && has[first] == 0) first++;
        loads[has[first] == 0 ? 0 : first] += left;
        return loads;
    }

    /** The level that a request goes to. @param percent drawn from 0 to 99; not asked where there is no choice */
    int at(int percent) {
        int level = 0;
        for (int left = percent - loads[0]; left >= 0; left -= loads[++level]) {
            if (level == loads.length - 1) break;
        }
        return level;
    }

    /** The level that gets everything, or -1 where several get some. */
    int only() {
        return only;
    }

    int load(int level) {
        return loads[level];
    }

    boolean inPanic(int level) {
        return panic[level];
    }
}
