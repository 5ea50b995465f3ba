package mesh.proxy.telemetry;

import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import mesh.time.Ticker;

/**
 * Every metric of the sidecar. Handles are bound when tables are compiled, so that a request looks nothing up; each event loop writes its
 * own cells (its index is {@code loop}), which a scrape adds up. Any thread, but for what takes a {@code loop}.
 */
public final class ProxyMetrics {

    /** Counters whose first label is an endpoint. */
    private static final List<Metric> OF_UPSTREAMS = List.of(Metric.BREAKER_TRANSITIONS, Metric.OUTLIER_EJECTIONS, Metric.HEALTH_CHECKS);

    /** A service's set has some 25 lines in a scrape, others one. */
    private static final int MOST_SERIES = 10_000;

    private final int loops;
    private final Ticker ticker;
    private final SeriesLimit limit;
    private final SeriesTable<String, ServiceRequests> services;
    private final SeriesTable<String, ListenerTraffic> listeners;
    private final Set<UpstreamTraffic> upstreams = ConcurrentHashMap.newKeySet();
    /** Those whose labels are names of the configuration. */
    private final Map<Metric, SeriesTable<List<String>, Counter>> named = new EnumMap<>(Metric.class);
    /** Those whose labels are a few fixed words. */
    private final Map<Metric, Map<List<String>, Counter>> fixed = new EnumMap<>(Metric.class);
    private final Map<String, Long> expiries = new ConcurrentHashMap<>();
    private volatile long configVersion;
    private volatile boolean configStale;
    private volatile Consumer<BiConsumer<String, Double>> budgets = sink -> {};
    private volatile LongSupplier memoryHeld = () -> 0;
    private volatile LongSupplier memoryBudget = () -> 0;

    /** @param loops number of proxy event loops */
    public ProxyMetrics(int loops, Ticker ticker) {
        this(loops, ticker, MOST_SERIES);
    }

    /** @param most sets of labels that are shown */
    ProxyMetrics(int loops, Ticker ticker, int most) {
        this.loops = loops;
        this.ticker = ticker;
        this.limit = new SeriesLimit(most);
        this.services = new SeriesTable<>(ticker, limit);
        this.listeners = new SeriesTable<>(ticker, limit);
        for (Metric metric : Metric.values()) {
            if (metric.isNamed()) named.put(metric, new SeriesTable<>(ticker, limit));
            else fixed.put(metric, new ConcurrentHashMap<>());
        }
    }

    /** Requests under a {@code service} label. */
    public interface ServiceMeter {

        /**
         * One request has ended.
         *
         * @param status     what its client was answered, 0 to 999
         * @param grpcStatus what gRPC says of it, mostly in trailers; below 0 for none
         * @param nanos      from its head to the end of its answer
         */
        void request(int loop, int status, int grpcStatus, long nanos);

        /** As above, of one that is not gRPC. */
        default void request(int loop, int status, long nanos) {
            request(loop, status, -1, nanos);
        }
    }

    /** Connections to one endpoint and its breaker, under an {@code upstream} label. */
    public interface UpstreamMeter extends AutoCloseable {

        void connectionOpened();

        void connectionClosed();

        /** Those that are open. */
        int connections();

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
        return services.get(name, () -> new ServiceRequests(loops, ticker));
    }

    /** All requests of all services, counted from now on; whoever asks has an own one. */
    public TrafficCount traffic() {
        return new TrafficCount(() -> services.known().stream().flatMap(service -> service.cells().stream()).toList());
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
        if (limit.tryTake()) upstreams.add(traffic);
        else limit.dropped(1);
        return traffic;
    }

    /** As {@link #upstream}, with series for nobody. */
    public UpstreamMeter unlisted(String address) {
        return new UpstreamTraffic(this, address, () -> 0, () -> -1, () -> -1);
    }

    /** The meter of a listener; the same for the same name. */
    public ListenerMeter listener(String name) {
        return listeners.get(name, () -> new ListenerTraffic(loops));
    }

    /** @param clusters tells each cluster in force and how many retries its budget has for it; asked at each scrape */
    public void retryBudgets(Consumer<BiConsumer<String, Double>> clusters) {
        budgets = clusters;
    }

    /** What connections hold and may hold, in bytes; asked at each scrape. */
    public void memory(LongSupplier held, LongSupplier budget) {
        memoryHeld = held;
        memoryBudget = budget;
    }

    /** Something was shed. @param action a few fixed words */
    public void shed(String action) {
        count(Metric.SHED, action);
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

    /** A policy has refused a request. @param mode {@code enforced} or {@code dry_run} */
    public void denied(String listener, String policy, String mode) {
        count(Metric.DENIED, listener, policy, mode);
    }

    /** A client was stopped for what it broke or cost. */
    public void stopped(String listener, String reason) {
        count(Metric.STOPPED, listener, reason);
    }

    /** A connection was ended that would not be let in any more. */
    public void dismissed(String reason) {
        count(Metric.DISMISSED, reason);
    }

    /** A permissive listener has let a client in that does not speak TLS. */
    public void plaintext(String listener) {
        count(Metric.PLAINTEXT, listener);
    }

    /** A connection has come to a listener that intercepts. @param outcome {@code handed_over}, {@code unmatched}, {@code direct} or {@code loop} */
    public void intercepted(String listener, String outcome) {
        count(Metric.INTERCEPTED, listener, outcome);
    }

    /** A client's protocol was looked for. @param protocol a few fixed words */
    public void detected(String listener, String protocol) {
        count(Metric.DETECTED, listener, protocol);
    }

    /** A certificate was asked for. */
    public void certificateRenewal(boolean good) {
        count(Metric.CERTIFICATE_RENEWALS, good ? "renewed" : "failed");
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

    /** An endpoint of a cluster was chosen although too few were healthy to go by that. */
    public void panicked(String cluster) {
        count(Metric.CLUSTER_PANIC, cluster);
    }

    /** @param outcome {@code retried}, or why not: {@code no_attempts}, {@code overflow}, {@code no_budget}, {@code no_time}, {@code no_replay} */
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

    /** @param result {@code exported}, {@code dropped}, {@code rejected} or {@code failed} */
    public void spans(String result, long n) {
        counter(Metric.SPANS, result).add(n);
    }

    void count(Metric metric, String... labels) {
        counter(metric, labels).increment();
    }

    private Counter counter(Metric metric, String... labels) {
        return metric.isNamed() ? named.get(metric).get(List.of(labels), Counter::new)
            : fixed.get(metric).computeIfAbsent(List.of(labels), unused -> new Counter());
    }

    /** Endpoints come and go, and their addresses with them: what was counted of one stays as long as anybody has it. */
    private void forget(String address) {
        if (upstreams.stream().anyMatch(each -> each.address.equals(address))) return;
        for (Metric metric : OF_UPSTREAMS) named.get(metric).removeIf(labels -> labels.get(0).equals(address));
    }

    // What a scrape reads.

    Map<String, ServiceRequests> services() {
        return services.shown();
    }

    Map<String, ListenerTraffic> listeners() {
        return listeners.shown();
    }

    Set<UpstreamTraffic> upstreams() {
        return upstreams;
    }

    Map<List<String>, Counter> counters(Metric metric) {
        return metric.isNamed() ? named.get(metric).shown() : fixed.get(metric);
    }

    /** Of each cluster in force, retries that could be made now. */
    void forEachBudget(BiConsumer<String, Double> sink) {
        budgets.accept(sink);
    }

    /** Events that are told nowhere, for their series found no room. */
    long dropped() {
        return limit.dropped();
    }

    Map<String, Long> expiries() {
        return expiries;
    }

    long memoryHeld() {
        return memoryHeld.getAsLong();
    }

    long memoryBudget() {
        return memoryBudget.getAsLong();
    }

    long configVersion() {
        return configVersion;
    }

    boolean configStale() {
        return configStale;
    }

    /** One listener's connections and bytes. */
    static final class ListenerTraffic implements ListenerMeter, SeriesTable.Series {

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
        public long changes() {
            return accepted.sum() + refused.sum() + in.sum() + out.sum();
        }

        @Override
        public boolean isShownAtZero() {
            return true;
        }

        @Override
        public boolean isBusy() {
            return active.get() > 0;
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
        public int connections() {
            return active.get();
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
            if (!metrics.upstreams.remove(this)) return;
            metrics.limit.giveBack();
            metrics.forget(address);
        }

        private void count(Metric metric, String label) {
            if (!closed) metrics.count(metric, address, label);
        }
    }
}
