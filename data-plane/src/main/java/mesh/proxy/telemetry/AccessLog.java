package mesh.proxy.telemetry;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import mesh.proxy.outcome.Failure;
import org.jboss.logging.Logger;

/**
 * One line a request, in the order of Envoy's default format. Off until it is opened. A loop only hands its line over: when the one thread
 * that writes cannot follow, lines are dropped and counted, and no request waits.
 *
 * <p>{@code [time] "METHOD target HTTP/1.1" status flag bytes-in bytes-out milliseconds service "upstream" "authority" "peer" "traceparent"}
 */
public final class AccessLog implements AutoCloseable {

    /**
     * What is known of a request that has ended; null where there is nothing to say.
     *
     * @param delayed on purpose: flag {@code DI}, before another
     */
    public record Entry(
        String method, String target, String authority, int status, Failure failure, boolean delayed, long bytesIn, long bytesOut, long nanos,
        String service, String upstream, String peer, String traceparent) {}

    private static final Logger LOG = Logger.getLogger(AccessLog.class);
    private static final int CAPACITY = 16 * 1024;

    private final BlockingQueue<String> lines = new ArrayBlockingQueue<>(CAPACITY);
    private final InstantSource clock;
    private final ProxyMetrics metrics;
    private volatile boolean on;
    private Thread writer;

    public AccessLog(InstantSource clock, ProxyMetrics metrics) {
        this.clock = clock;
        this.metrics = metrics;
    }

    /** Whether entries are wanted: asked before one is made. */
    public boolean isOn() {
        return on;
    }

    public void write(Entry entry) {
        if (!lines.offer(line(entry))) metrics.accessLogDropped();
    }

    /** Begins to write to a stream, which stays the caller's. Once it has begun, further calls only switch it on. */
    public synchronized void open(OutputStream out) {
        on = true;
        if (writer != null) return;
        writer = new Thread(() -> drain(out), "access-log");
        writer.setDaemon(true);
        writer.start();
    }

    /** Takes no more lines; those that wait are still written. */
    public synchronized void pause() {
        on = false;
    }

    /** Writes what waits, and ends. */
    @Override
    public synchronized void close() {
        on = false;
        if (writer == null) return;
        writer.interrupt();
        try {
            writer.join(TimeUnit.SECONDS.toMillis(2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        writer = null;
    }

    private void drain(OutputStream out) {
        StringBuilder batch = new StringBuilder();
        try {
            while (true) {
                append(batch, lines.take());
                flush(batch, out);
            }
        } catch (InterruptedException e) {
            flush(batch, out);
        } catch (UncheckedIOException e) {
            // A pipe that nobody reads any more, a full disk: traffic goes on without its log.
            LOG.errorf("access log: cannot be written, and is off: %s", e.getCause().getMessage());
            on = false;
        }
    }

    /** Everything that waits goes out in one write. */
    private void flush(StringBuilder batch, OutputStream out) {
        for (String line; (line = lines.poll()) != null && batch.length() < 64 * 1024; ) append(batch, line);
        try {
            out.write(batch.toString().getBytes(StandardCharsets.UTF_8));
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        batch.setLength(0);
    }

    private static void append(StringBuilder batch, String line) {
        batch.append(line).append('\n');
    }

    private String line(Entry entry) {
        Instant begun = clock.instant().minusNanos(entry.nanos()).truncatedTo(ChronoUnit.MILLIS);
        StringBuilder line = new StringBuilder(256)
            .append('[').append(begun).append("] \"").append(entry.method()).append(' ');
        quoted(line, entry.target()).append(" HTTP/1.1\" ").append(entry.status()).append(' ')
            .append(flags(entry)).append(' ')
            .append(entry.bytesIn()).append(' ').append(entry.bytesOut()).append(' ')
            .append(TimeUnit.NANOSECONDS.toMillis(entry.nanos())).append(' ').append(entry.service());
        for (String each : new String[] {entry.upstream(), entry.authority(), entry.peer(), entry.traceparent()}) {
            quoted(line.append(" \""), each == null || each.isEmpty() ? "-" : each).append('"');
        }
        return line.toString();
    }

    private static String flags(Entry entry) {
        if (entry.failure() == null) return entry.delayed() ? "DI" : "-";
        return (entry.delayed() ? "DI," : "") + entry.failure().flag();
    }

    /** Nothing that a client sends may end the line or the quotes it stands in. */
    private static StringBuilder quoted(StringBuilder line, String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') line.append('\\').append(c);
            else if (c < ' ' || c == 0x7f) line.append("\\x").append(Character.forDigit(c >> 4, 16)).append(Character.forDigit(c & 15, 16));
            else line.append(c);
        }
        return line;
    }
}
