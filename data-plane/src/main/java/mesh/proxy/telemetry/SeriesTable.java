package mesh.proxy.telemetry;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import mesh.time.Ticker;

/**
 * The series of one kind by their labels, which are names of the configuration and come and go with it. One that has not changed for ten
 * minutes expires: it is shown no more, and kept only as long as somebody has it at hand, so that one which is used again goes on from what
 * it had counted. Whoever counts pays nothing for it: what has changed is found out when somebody looks. Any thread.
 */
final class SeriesTable<K, S extends SeriesTable.Series> {

    /** What is counted under one set of labels. */
    interface Series {

        /** A number that is another whenever it has changed; 0 at first. */
        long changes();

        /** Whether it is worth showing before anything has changed, so that the first change can be seen as one. */
        default boolean isShownAtZero() {
            return false;
        }

        /** Whether it is in use though nothing changes. */
        default boolean isBusy() {
            return false;
        }
    }

    static final long IDLE_NANOS = TimeUnit.MINUTES.toNanos(10);

    private final Map<K, Entry<S>> entries = new ConcurrentHashMap<>();
    private final Ticker ticker;
    private final SeriesLimit limit;
    private long sweptAt;

    SeriesTable(Ticker ticker, SeriesLimit limit) {
        this.ticker = ticker;
        this.limit = limit;
        this.sweptAt = ticker.nanos();
    }

    /** Read and written in {@code compute} of its key only: what was just asked for is kept until its first change can be seen. */
    private static final class Entry<S> {

        private final WeakReference<S> known;
        /** The same until it expires. */
        private S kept;
        private boolean fresh = true;
        private boolean asked;
        private boolean shown;
        private long seen;
        private long changedAt;

        Entry(S series, long now) {
            known = new WeakReference<>(series);
            kept = series;
            changedAt = now;
        }
    }

    /** The series of these labels; the same for the same ones. */
    S get(K labels, Supplier<S> fresh) {
        if (!entries.containsKey(labels) && ticker.nanos() - sweptAt >= IDLE_NANOS) shown();
        List<S> found = new ArrayList<>(1);
        entries.compute(labels, (same, entry) -> {
            S series = entry == null ? null : entry.known.get();
            if (series == null) {
                if (entry != null && entry.shown) limit.giveBack();
                series = fresh.get();
                entry = new Entry<>(series, ticker.nanos());
            }
            entry.kept = series;
            entry.asked = true;
            found.add(series);
            return entry;
        });
        return found.get(0);
    }

    /** Those that are to be shown now. What has changed and finds no room under the limit is dropped, and counted there. */
    synchronized Map<K, S> shown() {
        sweptAt = ticker.nanos();
        Map<K, S> shown = new ConcurrentHashMap<>();
        for (K labels : entries.keySet()) {
            entries.computeIfPresent(labels, (same, entry) -> {
                look(entry);
                if (entry.shown) shown.put(same, entry.known.get());
                return entry.kept == null && entry.known.get() == null ? null : entry;
            });
        }
        return shown;
    }

    private void look(Entry<S> entry) {
        S series = entry.known.get();
        if (series == null) return;
        long changes = series.changes();
        boolean changed = changes != entry.seen;
        if (changed || series.isBusy()) entry.changedAt = sweptAt;
        boolean idle = sweptAt - entry.changedAt >= IDLE_NANOS;
        entry.kept = idle && !entry.asked ? null : series;
        if (idle && entry.shown) {
            limit.giveBack();
            entry.shown = false;
        } else if (!entry.shown && (changed || entry.fresh && series.isShownAtZero())) {
            entry.shown = limit.tryTake();
            if (!entry.shown) limit.dropped(changes - entry.seen);
        }
        entry.fresh = false;
        entry.asked = false;
        entry.seen = changes;
    }

    /** Those that there are, shown or not. */
    List<S> known() {
        return entries.values().stream().map(entry -> entry.known.get()).filter(Objects::nonNull).toList();
    }

    /** Forgets those at once. */
    synchronized void removeIf(Predicate<K> labels) {
        for (K each : entries.keySet()) {
            if (!labels.test(each)) continue;
            Entry<S> gone = entries.remove(each);
            if (gone != null && gone.shown) limit.giveBack();
        }
    }
}
