package mesh.control.rollout;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import mesh.v1.DurationCount;
import mesh.v1.TrafficReport;

/** Reports of several sidecars, added up. One thread at a time. */
final class TrafficSeen {

    private static final int MOST_BUCKETS = 256;

    private long requests;
    private long failures;
    private final TreeMap<Long, Long> durations = new TreeMap<>();

    void add(TrafficReport report) {
        requests += Math.max(0, report.getRequests());
        failures += Math.max(0, report.getFailures());
        for (DurationCount each : report.getDurationsList().subList(0, Math.min(MOST_BUCKETS, report.getDurationsCount()))) {
            // Sidecars have the same buckets; whoever has others shall not fill the memory.
            if (durations.size() < 4 * MOST_BUCKETS || durations.containsKey(each.getMicros())) {
                durations.merge(each.getMicros(), Math.max(0, each.getCount()), Long::sum);
            }
        }
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
