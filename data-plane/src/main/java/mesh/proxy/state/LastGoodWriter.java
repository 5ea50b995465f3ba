package mesh.proxy.state;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import mesh.time.Ticker;
import org.jboss.logging.Logger;

/**
 * Keeps what was last in force, on a thread of its own. The first write of a burst begins at once, the next {@link #PAUSE} later with what
 * is last by then: however often something new comes into force, what came last is on disk soon after, and at {@link #close}.
 *
 * <p>What cannot be written is told once, and tried again with the next configuration and every {@link #RETRY}. Until it works there is
 * nothing on disk: an older configuration could bring back what has been removed since.
 */
public final class LastGoodWriter implements AutoCloseable {

    static final Duration PAUSE = Duration.ofMillis(100);
    static final Duration RETRY = Duration.ofSeconds(30);

    private static final Logger LOG = Logger.getLogger(LastGoodWriter.class);
    private static final long CLOSE_SECONDS = 5;

    /** Where it goes. Blocks; one thread at a time. */
    interface Disk {
        void write(LastGood lastGood) throws IOException;

        void delete() throws IOException;
    }

    private final Disk disk;
    private final Ticker ticker;
    private final ScheduledExecutorService thread;
    private final AtomicReference<LastGood> waiting = new AtomicReference<>();
    private volatile long notBefore;
    /** What the disk did not take, if that is what is last. On the thread. */
    private LastGood unwritten;

    public LastGoodWriter(StateDirectory directory, Ticker ticker) {
        this(directory.lastGoodFile(), ticker, Executors.newSingleThreadScheduledExecutor(task -> {
            Thread t = new Thread(task, "mesh-state");
            t.setDaemon(true);
            return t;
        }));
    }

    /** @param thread ended with this */
    LastGoodWriter(Disk disk, Ticker ticker, ScheduledExecutorService thread) {
        this.disk = disk;
        this.ticker = ticker;
        this.thread = thread;
        this.notBefore = ticker.nanos();
    }

    /** To be called in the order in which configurations come into force. Never blocks. */
    public void keep(LastGood lastGood) {
        if (waiting.getAndSet(lastGood) == null) {
            schedule(this::writeWaiting, Math.max(0, notBefore - ticker.nanos()));
        }
    }

    private void writeWaiting() {
        notBefore = ticker.nanos() + PAUSE.toNanos();
        LastGood last = waiting.getAndSet(null);
        if (last != null) {
            write(last);
        }
    }

    private void write(LastGood last) {
        try {
            disk.write(last);
            if (unwritten != null) {
                LOG.infof("configuration kept again: version %d", last.snapshot().version());
            }
            unwritten = null;
        } catch (IOException | RuntimeException e) {
            if (unwritten == null) {
                LOG.errorf("configuration not kept, a start without a control plane would have none: %s", e);
            }
            unwritten = last;
            deleteOlder();
            schedule(() -> again(last), RETRY.toNanos());
        }
    }

    private void deleteOlder() {
        try {
            disk.delete();
        } catch (IOException e) {
            LOG.debugf("the one before stays: %s", e);
        }
    }

    private void again(LastGood last) {
        if (unwritten == last) {
            write(last);
        }
    }

    private void schedule(Runnable step, long delayNanos) {
        try {
            thread.schedule(step, delayNanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            // Closed meanwhile.
        }
    }

    /** What still waits is on disk when this returns. May be called again: a process that ends closes things from more than one side. */
    @Override
    public void close() {
        try {
            thread.submit(this::writeWaiting).get(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.errorf("configuration not kept: %s", e);
        } catch (RejectedExecutionException e) {
            return; // Closed before, and everything written then.
        }
        thread.shutdownNow();
    }
}
