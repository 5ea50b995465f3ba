package mesh.control.rollout;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import mesh.v1.DurationCount;

/** Reports of several sidecars, added up; of what is told at once at most {@value #MOST_BUCKETS} durations count. One thread at a time. */
final class TrafficSeen {

    private static final int MOST_BUCKETS = 1024;

    private long requests;
    private long failures;
    private final TreeMap<Long, Long> durations = new TreeMap<>();

    void add(long moreRequests, long moreFailures, List<DurationCount> counts) {
        requests += Math.max(0, moreRequests);
        failures += Math.max(0, moreFailures);
        for (DurationCount each : counts.subList(0, Math.min(MOST_BUCKETS, counts.size()))) {
            // Sidecars have the same buckets; whoever has others shall not fill the memory.
            if (durations.size() < MOST_BUCKETS || durations.containsKey(each.getMicros())) {
                durations.merge(each.getMicros(), Math.max(0, each.getCount()), Long::sum);
            }
        }
    }

    List<DurationCount> durations() {
        return durations.entrySet().stream()
            .map(each -> DurationCount.newBuilder().setMicros(each.getKey()).setCount(each.getValue()).build()).toList();
    }

    long requests() {
        return requests;
    }

    long failures() {
        return failures;
    }

    /** Percent. */
    double errorRate() {
        return requests == 0 ? 0 : 100.0 * failures / requests;
    }

    Duration p99() {
        long count = durations.values().stream().mapToLong(Long::longValue).sum();
        long rank = (long) Math.ceil(0.99 * count);
        for (Map.Entry<Long, Long> each : durations.entrySet()) {
            rank -= each.getValue();
            if (rank <= 0) {
                return Duration.ofNanos(each.getKey() * 1000);
            }
        }
        return Duration.ZERO;
    }
}
