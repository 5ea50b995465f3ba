package mesh.proxy.telemetry;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.BiConsumer;
import mesh.model.BreakerFailure;
import mesh.time.Ticker;

/** A service's requests: counts by status and durations, of all event loops together. One that was never asked for costs next to nothing. */
final class ServiceRequests implements ProxyMetrics.ServiceMeter, SeriesTable.Series {

    private static final long SLICE_NANOS = TimeUnit.SECONDS.toNanos(10);
    /** Quantiles look back over these, a minute. */
    private static final int SLICES = 6;

    /** What had been counted when a slice of time began. */
    private record Slice(long number, Durations before) {}

    private final AtomicReferenceArray<RequestCells> loops;
    private final Ticker ticker;
    private final long begun;
    private final ArrayDeque<Slice> slices = new ArrayDeque<>(List.of(new Slice(0, Durations.NONE)));
    private Durations last = Durations.NONE;

    ServiceRequests(int count, Ticker ticker) {
        this.loops = new AtomicReferenceArray<>(count);
        this.ticker = ticker;
        this.begun = ticker.nanos();
    }

    @Override
    public void request(int loop, int status, int grpcStatus, long nanos) {
        RequestCells cells = loops.getPlain(loop);
        if (cells == null) {
            cells = new RequestCells();
            loops.setRelease(loop, cells);
        }
        cells.add(status >= 0 && status < RequestCells.STATUSES ? status : 0, Math.max(0, nanos));
        if (status < TrafficCount.FAILURES_FROM && BreakerFailure.isServerFault(grpcStatus)) cells.addGrpcFailure();
    }

    /** How many there were. */
    @Override
    public long changes() {
        return cells().stream().mapToLong(RequestCells::count).sum();
    }

    void forEachStatus(BiConsumer<Integer, Long> sink) {
        long[] sums = new long[RequestCells.STATUSES];
        cells().forEach(each -> each.addStatusesTo(sums));
        for (int status = 0; status < sums.length; status++) {
            if (sums[status] > 0) sink.accept(status, sums[status]);
        }
    }

    double seconds() {
        return cells().stream().mapToLong(RequestCells::nanos).sum() / 1e9;
    }

    List<RequestCells> cells() {
        List<RequestCells> made = new ArrayList<>();
        for (int i = 0; i < loops.length(); i++) {
            RequestCells cells = loops.getAcquire(i);
            if (cells != null) made.add(cells);
        }
        return made;
    }

    /**
     * What is to be known of the durations now.
     *
     * @param all    since the beginning
     * @param recent of the last minute, or since the scrape before if that is longer ago
     */
    record Seen(Durations all, Durations recent) {}

    synchronized Seen durations() {
        long slice = (ticker.nanos() - begun) / SLICE_NANOS;
        // What has come since the last scrape belongs to the present slice.
        if (slices.getLast().number() < slice) slices.addLast(new Slice(slice, last));
        while (slices.getFirst().number() <= slice - SLICES) slices.removeFirst();
        last = Durations.of(cells().stream().map(RequestCells::durations).toList(), last);
        return new Seen(last, last.since(slices.getFirst().before()));
    }
}
