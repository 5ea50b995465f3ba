package mesh.time;

import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** The executor view of a {@link FakeClock}: nothing runs until the clock is advanced. Shutting it down refuses further tasks. */
final class FakeScheduler extends AbstractExecutorService implements ScheduledExecutorService {

    private final FakeClock clock;
    private volatile boolean shutdown;

    FakeScheduler(FakeClock clock) {
        this.clock = clock;
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
        return add(Executors.callable(task), unit.toNanos(delay), 0);
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> task, long delay, TimeUnit unit) {
        return add(task, unit.toNanos(delay), 0);
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(Runnable task, long delay, long period, TimeUnit unit) {
        return add(Executors.callable(task), unit.toNanos(delay), unit.toNanos(period));
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable task, long delay, long pause, TimeUnit unit) {
        return add(Executors.callable(task), unit.toNanos(delay), -unit.toNanos(pause));
    }

    @Override
    public void execute(Runnable task) {
        add(Executors.callable(task), 0, 0);
    }

    private <V> FakeTask<V> add(Callable<V> call, long delayNanos, long period) {
        if (shutdown) {
            throw new RejectedExecutionException("the fake scheduler is shut down");
        }
        FakeTask<V> task = new FakeTask<>(clock, call, delayNanos, period);
        clock.add(task);
        return task;
    }

    @Override
    public void shutdown() {
        shutdown = true;
    }

    @Override
    public List<Runnable> shutdownNow() {
        shutdown = true;
        return List.of();
    }

    @Override
    public boolean isShutdown() {
        return shutdown;
    }

    @Override
    public boolean isTerminated() {
        return shutdown;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        return shutdown;
    }
}
