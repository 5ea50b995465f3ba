package mesh.proxy.tracing;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import mesh.time.Env;
import mesh.time.Ticker;
import org.jboss.logging.Logger;

/**
 * Sends spans to one collector, by a thread of its own. Loops only hand over: when the collector is away or slow, spans beyond {@value
 * #MOST_SPANS} are dropped and counted, and no request waits. The numbers are those of OpenTelemetry's batch processor and OTLP exporter,
 * but that spans wait one second and not five.
 */
final class SpanExporter implements AutoCloseable {

    static final int MOST_SPANS = 2048;
    static final int BATCH_SPANS = 512;
    static final long GATHER_NANOS = TimeUnit.SECONDS.toNanos(1);
    static final long FIRST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);
    static final int MOST_TRIES = 5;
    private static final double PAUSE_GROWTH = 1.5;
    private static final long LONGEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(5);
    /** Chance takes up to this part of a pause off, so that a thousand sidecars do not ask at once. */
    private static final double JITTER = 0.2;
    /** For requests that began when it was still named. */
    private static final long RETIRE_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final Logger LOG = Logger.getLogger(SpanExporter.class);

    private final String name;
    private final Collector collector;
    private final Ticker ticker;
    private final RandomGenerator random;
    private final SpanCounter counter;
    private final Queue<RequestTrace> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicInteger spans = new AtomicInteger();
    private final Thread sender;
    private volatile boolean retired;
    private volatile boolean closed;

    // The thread's own.
    private final List<RequestTrace> batch = new ArrayList<>();
    private int batchSpans;
    private int tries;
    private long pauseEnds;
    private boolean broken;

    SpanExporter(String name, Collector collector, Env env, SpanCounter counter) {
        this.name = name;
        this.collector = collector;
        this.ticker = env.ticker();
        this.random = env.random();
        this.counter = counter;
        this.sender = new Thread(this::run, "span-export");
        sender.setDaemon(true);
    }

    void start() {
        sender.start();
    }

    /** Any thread. */
    void offer(RequestTrace trace) {
        int more = trace.spans();
        if (closed || spans.get() + more > MOST_SPANS) {
            counter.count("dropped", more);
            return;
        }
        spans.addAndGet(more);
        waiting.add(trace);
    }

    /** It is named no more: what is still to come from requests in flight is sent, then it ends by itself. */
    void retire() {
        retired = true;
    }

    /** Sends what waits, if that can be done in two seconds, and ends. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(sender);
        try {
            sender.join(TimeUnit.SECONDS.toMillis(2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        collector.close();
    }

    private void run() {
        long ends = Long.MAX_VALUE;
        while (!closed) {
            long pause = turn(ticker.nanos());
            if (retired && ends == Long.MAX_VALUE) ends = ticker.nanos() + RETIRE_NANOS;
            if (ends != Long.MAX_VALUE && ticker.nanos() - ends > 0) closed = true;
            if (!closed && pause > 0) LockSupport.parkNanos(this, pause);
        }
        flush();
        collector.close();
    }

    /** Does what is to be done by now. @return how long there will be nothing to do, in nanoseconds */
    long turn(long now) {
        if (batch.isEmpty()) fill();
        if (batch.isEmpty()) return GATHER_NANOS;
        if (now - pauseEnds < 0 && tries > 0) return pauseEnds - now;
        Collector.Answer answer = collector.send(batch);
        switch (answer.outcome()) {
            case TAKEN -> taken(answer);
            case REFUSED -> lost(answer);
            case UNAVAILABLE -> {
                if (++tries == MOST_TRIES) lost(answer);
                else pause(answer);
            }
        }
        if (!batch.isEmpty()) return Math.max(0, pauseEnds - ticker.nanos());
        return spans.get() >= BATCH_SPANS ? 0 : GATHER_NANOS;
    }

    private void fill() {
        while (batchSpans < BATCH_SPANS) {
            RequestTrace next = waiting.poll();
            if (next == null) return;
            batch.add(next);
            batchSpans += next.spans();
        }
    }

    private void taken(Collector.Answer answer) {
        if (answer.rejected() > 0) {
            tell("rejects spans", answer.why());
        } else if (broken) {
            LOG.infof("spans to %s: are taken again", name);
            broken = false;
        }
        counter.count("exported", batchSpans - answer.rejected());
        if (answer.rejected() > 0) counter.count("rejected", answer.rejected());
        clear();
    }

    private void lost(Collector.Answer answer) {
        tell("cannot be sent", answer.why());
        counter.count("failed", batchSpans);
        clear();
    }

    private void pause(Collector.Answer answer) {
        tell("cannot be sent, will be tried again", answer.why());
        double nanos = Math.min(LONGEST_PAUSE_NANOS, FIRST_PAUSE_NANOS * Math.pow(PAUSE_GROWTH, tries - 1));
        pauseEnds = ticker.nanos() + (long) (nanos * (1 - JITTER * random.nextDouble()));
    }

    /** Once, until it is well again. */
    private void tell(String what, String why) {
        if (!broken) LOG.warnf("spans to %s: %s: %s", name, what, why);
        broken = true;
    }

    private void clear() {
        spans.addAndGet(-batchSpans);
        batch.clear();
        batchSpans = 0;
        tries = 0;
    }

    /** The last of it, as long as it is taken. */
    void flush() {
        boolean taken = true;
        while (taken) {
            if (batch.isEmpty()) fill();
            if (batch.isEmpty()) return;
            Collector.Answer answer = collector.send(batch);
            taken = answer.outcome() == Collector.Outcome.TAKEN;
            if (taken) taken(answer);
            else lost(answer);
        }
        for (fill(); !batch.isEmpty(); fill()) {
            counter.count("dropped", batchSpans);
            clear();
        }
    }
}
