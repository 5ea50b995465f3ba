package mesh.proxy.telemetry;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntSupplier;
import mesh.time.Ticker;

/**
 * Every metric of the sidecar. Handles are bound when tables are compiled, so that a request looks nothing up; each event loop writes its
 * own cells (its index is {@code loop}), which a scrape adds up. Any thread, but for what takes a {@code loop}.
 */
public final class ProxyMetrics {

    /** Counters whose first label is an endpoint. */
    private static final List<Metric> OF_UPSTREAMS = List.of(Metric.BREAKER_TRANSITIONS, Metric.OUTLIER_EJECTIONS, Metric.HEALTH_CHECKS);

    private final int loops;
    private final Ticker ticker;
    private final Map<String, ServiceRequests> services = new ConcurrentHashMap<>();
    private final Map<String, ListenerTraffic> listeners = new ConcurrentHashMap<>();
    private final Set<UpstreamTraffic> upstreams = ConcurrentHashMap.newKeySet();
    private final Map<Metric, Map<List<String>, LongAdder>> counters = new ConcurrentHashMap<>();
    private final Map<String, Long> expiries = new ConcurrentHashMap<>();
    private volatile long configVersion;
    private volatile boolean configStale;

    /** @param loops number of proxy event loops */
    public ProxyMetrics(int loops, Ticker ticker) {
        this.loops = loops;
        this.ticker = ticker;
    }

    /** Requests under a {@code service} label. */
    public interface ServiceMeter {

        /**
         * One request has ended.
         *
         * @param status what its client was answered, 0 to 999
         * @param nanos  from its head to the end of its answer
         */
        void request(int loop, int status, long nanos);
    }

    /** Connections to one endpoint and its breaker, under an {@code upstream} label. */
    public interface UpstreamMeter extends AutoCloseable {

        void connectionOpened();

        void connectionClosed();

        /** @param to the state's name in lower case */
        void breakerChanged(String to);

        /** @param reason the detector's name in lower case */
        void ejected(String reason);

        /** @param result of a health check, in lower case */
        void checked(String result);

        /** Drops its series; what is told afterwards is not shown. */
        @Override
        void close();
    }

    /** Clients' connections of one listener, and their bytes. */
    public interface ListenerMeter {

        void connectionOpened();

        void connectionClosed();

        /** One over the listener's limit was closed as it came. */
        void connectionRefused();

        /** From the client. */
        void bytesIn(int loop, long n);

        /** To the client. */
        void bytesOut(int loop, long n);
    }

    /** The meter of a {@code service} label; the same for the same name. */
    public ServiceMeter service(String name) {
        return services.computeIfAbsent(name, unused -> new ServiceRequests(loops, ticker));
    }

    /**
     * The meter of a new endpoint. Endpoints of several clusters at one address are added up.
     *
     * @param address      as configured
     * @param breakerState 0 or 1, asked at each scrape
     * @param ejectedState 0 or 1, asked at each scrape; -1 where nobody ejects it
     * @param healthyState 0 or 1, asked at each scrape; -1 where nobody asks it
     */
    public UpstreamMeter upstream(String address, IntSupplier breakerState, IntSupplier ejectedState, IntSupplier healthyState) {
        UpstreamTraffic traffic = new UpstreamTraffic(this, address, breakerState, ejectedState, healthyState);
        upstreams.add(traffic);
        return traffic;
    }

    /** The meter of a listener; the same for the same name. */
    public ListenerMeter listener(String name) {
        return listeners.computeIfAbsent(name, unused -> new ListenerTraffic(loops));
    }

    /** A bug has closed a connection. */
    public void internalError() {
        count(Metric.INTERNAL_ERRORS);
    }

    /** @param stale whether it is from before this process */
    public void configApplied(long version, boolean stale) {
        configVersion = version;
        configStale = stale;
        count(Metric.CONFIG_APPLIES, "applied");
    }

    public void configRejected() {
        count(Metric.CONFIG_APPLIES, "rejected");
    }

    /** @param kind {@code svid} or {@code trust_bundle} */
    public void certificateExpiry(String kind, long epochSeconds) {
        expiries.put(kind, epochSeconds);
    }

    /**
     * A handshake is over.
     *
     * @param side   {@code client} or {@code server}
     * @param result {@code ok} or {@code failed}
     * @param reason a short fixed word, "" when ok
     */
    public void handshake(String side, String result, String reason) {
        count(Metric.HANDSHAKES, side, result, reason);
    }

    /** Something was over a limit of a cluster. @param limit its name */
    public void overflow(String cluster, String limit) {
        count(Metric.CLUSTER_OVERFLOW, cluster, limit.toLowerCase(Locale.ROOT));
    }

    /** @param outcome {@code retried}, or why not: {@code overflow}, {@code no_budget}, {@code no_time}, {@code no_replay} */
    public void retry(String outcome) {
        count(Metric.RETRIES, outcome);
    }

    /**
     * The meter of a rate limit; the same series for the same name.
     *
     * @param scope {@code listener} or {@code route}
     */
    public RateMeter rateLimit(String scope, String name) {
        return new RateMeter(counter(Metric.RATE_LIMITED, scope, name, "refused"), counter(Metric.RATE_LIMITED, scope, name, "shadow"),
            counter(Metric.RATE_LIMIT_SHARED, scope, name));
    }

    /**
     * A second try beside the first was due.
     *
     * @param outcome {@code won}, {@code lost} or {@code failed} of the second, {@code abandoned} by the client or by time; or why there
     *                was none: {@code no_budget}, {@code no_endpoint}, {@code no_replay}
     */
    public void hedge(String outcome) {
        count(Metric.HEDGES, outcome);
    }

    /** @param kind {@code delay} or {@code abort} */
    public void fault(String kind) {
        count(Metric.FAULTS, kind);
    }

    /**
     * A copy of a request has ended, or was not made.
     *
     * @param outcome {@code answered}, or {@code failed} by an answer of 5xx, none, or none in time; or why it was not sent: {@code overflow},
     *                {@code no_endpoint}, {@code too_large}, {@code incomplete}
     */
    public void mirrored(String outcome) {
        count(Metric.MIRRORED, outcome);
    }

    void accessLogDropped(int lines) {
        counter(Metric.ACCESS_LOG_DROPPED).add(lines);
    }

    void count(Metric metric, String... labels) {
        counter(metric, labels).increment();
    }

    private LongAdder counter(Metric metric, String... labels) {
        return counters.computeIfAbsent(metric, unused -> new ConcurrentHashMap<>())
            .computeIfAbsent(List.of(labels), unused -> new LongAdder());
    }

    /** Endpoints come and go, and their addresses with them: what was counted of one stays as long as anybody has it. */
    private void forget(String address) {
        if (upstreams.stream().anyMatch(each -> each.address.equals(address))) return;
        for (Metric metric : OF_UPSTREAMS) counters(metric).keySet().removeIf(labels -> labels.get(0).equals(address));
    }

    // What a scrape reads.

    Map<String, ServiceRequests> services() {
        return services;
    }

    Map<String, ListenerTraffic> listeners() {
        return listeners;
    }

    Set<UpstreamTraffic> upstreams() {
        return upstreams;
    }

    Map<List<String>, LongAdder> counters(Metric metric) {
        return counters.getOrDefault(metric, Map.of());
    }

    Map<String, Long> expiries() {
        return expiries;
    }

    long configVersion() {
        return configVersion;
    }

    boolean configStale() {
        return configStale;
    }

    /** One listener's connections and bytes. */
    static final class ListenerTraffic implements ListenerMeter {

        final LongAdder accepted = new LongAdder();
        final LongAdder refused = new LongAdder();
        final AtomicInteger active = new AtomicInteger();
        final LoopCounter in;
        final LoopCounter out;

        ListenerTraffic(int loops) {
            in = new LoopCounter(loops);
            out = new LoopCounter(loops);
        }

        @Override
        public void connectionOpened() {
            accepted.increment();
            active.incrementAndGet();
        }

        @Override
        public void connectionClosed() {
            active.decrementAndGet();
        }

        @Override
        public void connectionRefused() {
            refused.increment();
        }

        @Override
        public void bytesIn(int loop, long n) {
            in.add(loop, n);
        }

        @Override
        public void bytesOut(int loop, long n) {
            out.add(loop, n);
        }
    }

    /** One endpoint's connections and breaker. */
    static final class UpstreamTraffic implements UpstreamMeter {

        final String address;
        final IntSupplier breakerState;
        final IntSupplier ejectedState;
        final IntSupplier healthyState;
        final AtomicInteger active = new AtomicInteger();
        private final ProxyMetrics metrics;
        private volatile boolean closed;

        UpstreamTraffic(ProxyMetrics metrics, String address, IntSupplier breakerState, IntSupplier ejectedState, IntSupplier healthyState) {
            this.metrics = metrics;
            this.address = address;
            this.breakerState = breakerState;
            this.ejectedState = ejectedState;
            this.healthyState = healthyState;
        }

        @Override
        public void connectionOpened() {
            active.incrementAndGet();
        }

        @Override
        public void connectionClosed() {
            active.decrementAndGet();
        }

        @Override
        public void breakerChanged(String to) {
            count(Metric.BREAKER_TRANSITIONS, to);
        }

        @Override
        public void ejected(String reason) {
            count(Metric.OUTLIER_EJECTIONS, reason);
        }

        @Override
        public void checked(String result) {
            count(Metric.HEALTH_CHECKS, result);
        }

        @Override
        public void close() {
            closed = true;
            metrics.upstreams.remove(this);
            metrics.forget(address);
        }

        private void count(Metric metric, String label) {
            if (!closed) metrics.count(metric, address, label);
        }
    }
}
