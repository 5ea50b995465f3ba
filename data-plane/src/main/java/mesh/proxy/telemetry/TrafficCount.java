package mesh.proxy.telemetry;

import java.util.List;
import java.util.function.ObjLongConsumer;
import java.util.function.Supplier;

/** Requests since one asked last, of all services together. One thread at a time. */
public final class TrafficCount {

    /** Steps of {@link DurationCells} that are told as one: eight for each doubling. */
    private static final int COARSE = DurationCells.STEPS / 8;
    static final int FAILURES_FROM = 500;

    private final Supplier<List<RequestCells>> cells;
    private long[] statuses = new long[RequestCells.STATUSES];
    private long grpcFailures;
    private Durations durations = Durations.NONE;

    TrafficCount(Supplier<List<RequestCells>> cells) {
        this.cells = cells;
        next();
    }

    /** What has come since. @param failures those answered with 5xx, or by gRPC with a status that stands for one */
    public record Seen(long requests, long failures, Buckets durations) {}

    /** How long they took: each longest duration in microseconds, and how many took up to that and more than the one before. */
    public interface Buckets {
        void forEach(ObjLongConsumer<Long> sink);
    }

    /** Counts from here on for the next time. */
    public Seen next() {
        List<RequestCells> all = cells.get();
        long[] now = new long[RequestCells.STATUSES];
        all.forEach(each -> each.addStatusesTo(now));
        Durations lengths = Durations.of(all.stream().map(RequestCells::durations).toList(), durations);
        long requests = 0;
        long failures = 0;
        for (int status = 0; status < now.length; status++) {
            // Less than before where a service has gone.
            long fresh = Math.max(0, now[status] - statuses[status]);
            requests += fresh;
            if (status >= FAILURES_FROM) failures += fresh;
        }
        long grpc = all.stream().mapToLong(RequestCells::grpcFailures).sum();
        failures += Math.max(0, grpc - grpcFailures);
        grpcFailures = grpc;
        Durations fresh = lengths.since(durations);
        statuses = now;
        durations = lengths;
        return new Seen(requests, failures, sink -> fresh.forEachCoarse(COARSE, sink));
    }
}
