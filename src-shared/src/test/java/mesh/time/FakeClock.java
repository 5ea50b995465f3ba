package mesh.time;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.PriorityQueue;
import java.util.concurrent.ScheduledExecutorService;

/**
 * Time that stands still until {@link #advance} moves it: ticker, wall clock and scheduler in one. Any thread may read it and schedule;
 * one thread advances it, and due tasks run on that thread, in order, each seeing the time it was due at.
 */
public final class FakeClock implements Ticker, InstantSource {

    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    /** Negative, and soon past zero: {@link System#nanoTime()} may be either, so nothing may take 0 for "never". */
    private static final long START_NANOS = Duration.ofSeconds(-1).toNanos();

    private final PriorityQueue<FakeTask<?>> tasks = new PriorityQueue<>();
    private volatile long elapsed;
    private long sequence;

    @Override
    public long nanos() {
        return START_NANOS + elapsed;
    }

    @Override
    public Instant instant() {
        return START.plusNanos(elapsed);
    }

    /** Moves time on, stopping at each task that falls due on the way; zero runs what is due now. */
    public void advance(Duration by) {
        if (by.isNegative()) {
            throw new IllegalArgumentException("advance: " + by + " (expected: >= 0)");
        }
        long target = elapsed + by.toNanos();
        for (FakeTask<?> task = nextDue(target); task != null; task = nextDue(target)) {
            elapsed = Math.max(elapsed, task.dueAt());
            task.run();
        }
        elapsed = target;
    }

    /** An executor whose tasks, those without a delay too, run inside {@link #advance}. */
    public ScheduledExecutorService scheduler() {
        return new FakeScheduler(this);
    }

    /** Tasks that are scheduled and neither cancelled nor run: lets a test see that no timer leaks. */
    public synchronized int pendingTasks() {
        return tasks.size();
    }

    long elapsed() {
        return elapsed;
    }

    synchronized long nextSequence() {
        return sequence++;
    }

    synchronized void add(FakeTask<?> task) {
        tasks.add(task);
    }

    synchronized void remove(FakeTask<?> task) {
        tasks.remove(task);
    }

    private synchronized FakeTask<?> nextDue(long target) {
        FakeTask<?> first = tasks.peek();
        return first != null && first.dueAt() <= target ? tasks.poll() : null;
    }
}
