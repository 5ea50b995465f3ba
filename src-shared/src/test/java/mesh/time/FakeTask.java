package mesh.time;

import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RunnableScheduledFuture;
import java.util.concurrent.TimeUnit;

/** A task of a {@link FakeScheduler}. */
final class FakeTask<V> extends FutureTask<V> implements RunnableScheduledFuture<V> {

    private final FakeClock clock;
    private final long sequence;
    /** Above 0: from start to start. Below 0: from end to start. 0: once. */
    private final long period;
    private volatile long dueAt;

    FakeTask(FakeClock clock, Callable<V> call, long delayNanos, long period) {
        super(call);
        this.clock = clock;
        this.sequence = clock.nextSequence();
        this.period = period;
        this.dueAt = clock.elapsed() + Math.max(0, delayNanos);
    }

    long dueAt() {
        return dueAt;
    }

    @Override
    public boolean isPeriodic() {
        return period != 0;
    }

    @Override
    public void run() {
        if (!isPeriodic()) {
            super.run();
        } else if (runAndReset()) {
            dueAt = period > 0 ? dueAt + period : clock.elapsed() - period;
            clock.add(this);
        }
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        clock.remove(this);
        return super.cancel(mayInterruptIfRunning);
    }

    @Override
    public long getDelay(TimeUnit unit) {
        return unit.convert(dueAt - clock.elapsed(), TimeUnit.NANOSECONDS);
    }

    @Override
    public int compareTo(Delayed other) {
        FakeTask<?> that = (FakeTask<?>) other;
        int byTime = Long.compare(dueAt, that.dueAt);
        return byTime != 0 ? byTime : Long.compare(sequence, that.sequence);
    }
}
