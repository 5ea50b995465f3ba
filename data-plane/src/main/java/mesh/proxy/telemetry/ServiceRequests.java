package mesh.proxy.telemetry;

import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.BiConsumer;
import mesh.time.Ticker;
import org.HdrHistogram.Histogram;

/** A service's requests: counts by status and durations, of all event loops together. */
final class ServiceRequests implements ProxyMetrics.ServiceMeter {

    private static final long SLICE_NANOS = TimeUnit.SECONDS.toNanos(10);
    /** Quantiles look back over these, a minute. */
    private static final int SLICES = 6;

    private final AtomicReferenceArray<RequestCells> loops;
    private final Ticker ticker;
    private final Histogram all = RequestCells.histogram();
    private final ArrayDeque<Histogram> recent = new ArrayDeque<>();
    private long sliceBegun;

    ServiceRequests(int count, Ticker ticker) {
        this.loops = new AtomicReferenceArray<>(count);
        this.ticker = ticker;
        this.sliceBegun = ticker.nanos();
        recent.add(RequestCells.histogram());
    }

    @Override
    public void request(int loop, int status, long nanos) {
        RequestCells cells = loops.getPlain(loop);
        if (cells == null) {
            cells = new RequestCells();
            loops.setRelease(loop, cells);
        }
        cells.add(status >= 0 && status < RequestCells.STATUSES ? status : 0, Math.max(0, nanos));
    }

    void forEachStatus(BiConsumer<Integer, Long> sink) {
        long[] sums = new long[RequestCells.STATUSES];
        for (int i = 0; i < loops.length(); i++) {
            RequestCells cells = loops.getAcquire(i);
            if (cells != null) cells.addStatusesTo(sums);
        }
        for (int status = 0; status < sums.length; status++) {
            if (sums[status] > 0) sink.accept(status, sums[status]);
        }
    }

    double seconds() {
        long nanos = 0;
        for (int i = 0; i < loops.length(); i++) {
            RequestCells cells = loops.getAcquire(i);
            if (cells != null) nanos += cells.nanos();
        }
        return nanos / 1e9;
    }

    /**
     * What is to be known of the durations now, in microseconds.
     *
     * @param all    since the beginning
     * @param recent of the last minute, or since the scrape before if that is longer ago
     */
    record Durations(Histogram all, Histogram recent) {}

    synchronized Durations durations() {
        turnSlices();
        Histogram fresh = RequestCells.histogram();
        for (int i = 0; i < loops.length(); i++) {
            RequestCells cells = loops.getAcquire(i);
            if (cells != null) cells.moveDurationsTo(fresh);
        }
        all.add(fresh);
        recent.getLast().add(fresh);
        Histogram window = RequestCells.histogram();
        recent.forEach(window::add);
        return new Durations(all.copy(), window);
    }

    private void turnSlices() {
        long passed = (ticker.nanos() - sliceBegun) / SLICE_NANOS;
        sliceBegun += passed * SLICE_NANOS;
        for (long i = 0; i < Math.min(passed, SLICES); i++) {
            recent.addLast(RequestCells.histogram());
            if (recent.size() > SLICES) recent.removeFirst();
        }
    }
}
