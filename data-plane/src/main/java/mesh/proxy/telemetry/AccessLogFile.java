package mesh.proxy.telemetry;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import mesh.time.Ticker;
import org.jboss.logging.Logger;

/**
 * A file that entries are written to, by a thread of its own. Loops only hand over: when the thread cannot follow, because the disk or
 * who reads the pipe is slow, entries beyond {@value #MOST_BYTES} bytes are dropped and counted, and no request waits.
 */
final class AccessLogFile implements AutoCloseable {

    /** Where it is written, and how one finds out that it must be opened anew. */
    interface Target {

        OutputStream open() throws IOException;

        /** Whether the file by this name is not the one that was opened last: somebody has renamed or removed that. */
        default boolean isReplaced() {
            return false;
        }
    }

    static final long MOST_BYTES = 8 << 20;

    private static final Logger LOG = Logger.getLogger(AccessLogFile.class);
    private static final int BATCH_CHARS = 64 * 1024;
    /** Waking the thread costs a loop some microseconds: it then stays awake for this long, and a line is at most this late. */
    private static final long GATHER_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    /** Between two looks at what the name stands for, and two tries to open it. */
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** For requests that began when it was still named. */
    private static final long RETIRE_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final String name;
    private final Target target;
    private final Ticker ticker;
    private final IntConsumer dropped;
    private final Queue<AccessEntry> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicLong bytes = new AtomicLong();
    private final Thread writer;
    private volatile boolean idle;
    private volatile boolean reopen;
    private volatile boolean retired;
    private volatile boolean closed;

    // The writer's own, but for the first of each.
    private OutputStream out;
    private long lookedAt;
    private boolean broken;
    private int lines;
    private long taken;

    /**
     * @param dropped told how many entries were lost
     * @throws IOException when it cannot be opened
     */
    AccessLogFile(String name, Target target, Ticker ticker, IntConsumer dropped) throws IOException {
        this.name = name;
        this.target = target;
        this.ticker = ticker;
        this.dropped = dropped;
        this.out = target.open();
        this.lookedAt = ticker.nanos();
        this.writer = new Thread(this::run, "access-log");
        writer.setDaemon(true);
        writer.start();
    }

    /** Any thread. */
    void offer(AccessEntry entry) {
        int size = entry.sizeBytes();
        if (closed || bytes.get() + size > MOST_BYTES) {
            dropped.accept(1);
            return;
        }
        bytes.addAndGet(size);
        waiting.add(entry);
        if (idle) wake();
    }

    /** Opens the file by its name again, with the next entry. */
    void reopen() {
        reopen = true;
    }

    /** It is named no more: what is still to come from requests in flight is written, then it ends by itself. */
    void retire() {
        retired = true;
        wake();
    }

    /** Writes what waits, if that can be done in two seconds, and ends. */
    @Override
    public void close() {
        closed = true;
        wake();
        try {
            writer.join(TimeUnit.SECONDS.toMillis(2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void wake() {
        idle = false;
        LockSupport.unpark(writer);
    }

    private void run() {
        StringBuilder batch = new StringBuilder();
        while (true) {
            AccessEntry entry = waiting.poll();
            if (entry != null) {
                AccessLine.append(batch, entry);
                lines++;
                taken += entry.sizeBytes();
            }
            if (lines > 0 && (entry == null || batch.length() >= BATCH_CHARS)) {
                write(batch);
            } else if (entry == null && !await()) {
                end();
                return;
            }
        }
    }

    /** Until there may be something to do. @return false when there will be nothing more */
    private boolean await() {
        if (closed) return false;
        idle = true;
        // Asked after it was said: who has added before sees it, who adds later wakes us.
        if (waiting.isEmpty() && !closed) {
            if (retired) LockSupport.parkNanos(this, RETIRE_NANOS);
            else LockSupport.park(this);
            if (retired && idle && waiting.isEmpty()) closed = true;
        }
        idle = false;
        if (!closed) LockSupport.parkNanos(this, GATHER_NANOS);
        return true;
    }

    private void write(StringBuilder batch) {
        try {
            look();
            if (out == null) {
                dropped.accept(lines);
            } else {
                out.write(batch.toString().getBytes(StandardCharsets.UTF_8));
                out.flush();
                if (broken) LOG.infof("access log %s: is written again", name);
                broken = false;
            }
        } catch (IOException e) {
            // A full disk, a pipe that nobody reads any more: traffic goes on without its log, and it is tried again.
            if (!broken) LOG.errorf("access log %s: cannot be written: %s", name, e.getMessage());
            broken = true;
            dropped.accept(lines);
            shut();
        }
        batch.setLength(0);
        bytes.addAndGet(-taken);
        lines = 0;
        taken = 0;
    }

    /** Once a second, and when asked to. */
    private void look() throws IOException {
        long now = ticker.nanos();
        if (!reopen && now - lookedAt < LOOK_NANOS) return;
        lookedAt = now;
        if (!reopen && out != null && !target.isReplaced()) return;
        reopen = false;
        shut();
        out = target.open();
    }

    private void shut() {
        OutputStream was = out;
        out = null;
        try {
            if (was != null) was.close();
        } catch (IOException e) {
            LOG.debugf("access log %s: closing it: %s", name, e.getMessage());
        }
    }

    private void end() {
        shut();
        // What came in between.
        int lost = 0;
        while (waiting.poll() != null) lost++;
        if (lost > 0) dropped.accept(lost);
    }
}
