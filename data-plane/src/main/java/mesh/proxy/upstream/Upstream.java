package mesh.proxy.upstream;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import mesh.model.Address;
import mesh.proxy.http.HttpVersion;
import mesh.proxy.loop.ProxyLoop;
import mesh.proxy.telemetry.ProxyMetrics;
import org.jboss.logging.Logger;

/**
 * One endpoint of a cluster, alive: its connections and what it is serving. Lives from the push that names it first to the one that names
 * it no more; what a push may change about it is its {@link Destination}'s. Shared by all event loops.
 */
public final class Upstream {

    private static final Logger LOG = Logger.getLogger(Upstream.class);
    private static final int VERSIONS = HttpVersion.values().length;

    private final String cluster;
    private final Address address;
    /** A loop's for each HTTP, made when first needed. */
    private final AtomicReferenceArray<ConnectionPool> pools;
    private final ClusterLoad load;
    private final HealthChanges health;
    private final Connector connector;
    private final AtomicInteger inFlight = new AtomicInteger();
    private final ProxyMetrics.UpstreamMeter meter;
    private volatile Destination current;
    private volatile boolean retired;
    private volatile boolean http1Only;

    /**
     * @param loops  every loop of the sidecar
     * @param load   its cluster's
     * @param health its cluster's
     */
    public Upstream(String cluster, Address address, List<ProxyLoop> loops, ClusterLoad load, HealthChanges health, Connector connector, ProxyMetrics metrics) {
        this.cluster = cluster;
        this.address = address;
        this.pools = new AtomicReferenceArray<>(loops.size() * VERSIONS);
        this.load = load;
        this.health = health;
        this.connector = connector;
        this.meter = metrics.upstream(address.toString(), this::breakerState, this::ejectedState, this::healthyState);
    }

    /** Where a connection was opened to, for one client: only {@link #poolOfOne}, and no series of its own, since anybody may make any number. */
    public Upstream(String cluster, Address address, ClusterLoad load, Connector connector, ProxyMetrics metrics) {
        this.cluster = cluster;
        this.address = address;
        this.pools = new AtomicReferenceArray<>(0);
        this.load = load;
        this.health = new HealthChanges();
        this.connector = connector;
        this.meter = metrics.unlisted(address.toString());
    }

    public String cluster() {
        return cluster;
    }

    public Address address() {
        return address;
    }

    /** The connections of one loop that speak that HTTP; only that loop may ask for them and use them. */
    public ConnectionPool pool(ProxyLoop loop, HttpVersion version) {
        int i = loop.index() * VERSIONS + version.ordinal();
        ConnectionPool pool = pools.get(i);
        if (pool == null) {
            pool = new ConnectionPool(loop, this, version, load, connector, meter);
            pools.set(i, pool);
        }
        return pool;
    }

    /** Connections for one client only, which their first bytes name. They go with {@link ConnectionPool#retire}. */
    public ConnectionPool poolOfOne(ProxyLoop loop, HttpVersion version) {
        return new ConnectionPool(loop, this, version, load, connector, meter);
    }

    /**
     * Which HTTP a request goes by that came by {@code downstream}. Where nothing is configured it is the same, until an endpoint turns out
     * not to know HTTP/2; gRPC is tried all the same, since it has no other.
     */
    public HttpVersion version(HttpVersion downstream, boolean grpc) {
        return http1Only && !grpc ? HttpVersion.HTTP_1 : downstream;
    }

    void knowsNoHttp2() {
        if (!http1Only) LOG.infof("%s does not know HTTP/2: what does not need it goes by HTTP/1.1 from now on", this);
        http1Only = true;
    }

    /** Requests, or for TCP connections, that it is serving now. */
    public int inFlight() {
        return inFlight.get();
    }

    /** Those that are open, on all loops. */
    public int connections() {
        return meter.connections();
    }

    public void begin() {
        inFlight.incrementAndGet();
    }

    public void end() {
        inFlight.decrementAndGet();
    }

    /** A connection outside the pools, of a TCP client, has been opened. */
    public void opened() {
        meter.connectionOpened();
    }

    public void closed() {
        meter.connectionClosed();
    }

    /** @param to what its breaker has changed to */
    public void breakerChanged(CircuitBreaker.State to) {
        meter.breakerChanged(to.name().toLowerCase(Locale.ROOT));
    }

    /** @param reason the metric's word for it */
    public void ejected(OutlierMonitor.Reason reason) {
        meter.ejected(reason.name().toLowerCase(Locale.ROOT));
    }

    /** @param result of a health check, the metric's word for it */
    void checked(String result) {
        meter.checked(result);
    }

    /** Something speaks against it, or does no more, as is in force already. */
    void healthChanged() {
        health.changed();
    }

    /** It passes its health checks now, and did not before. */
    void recovered() {
        Destination destination = current;
        if (destination != null && destination.warmUp() != null) destination.warmUp().begin();
    }

    /** What the current configuration says about it; null before the first. */
    public Destination current() {
        return current;
    }

    /** A configuration that names it has come into force. */
    public void follow(Destination destination) {
        current = destination;
    }

    /** No configuration in force names it any more: what it serves ends in peace, and its connections with it. */
    public void retire() {
        retired = true;
        meter.close();
        for (int i = 0; i < pools.length(); i++) {
            ConnectionPool pool = pools.get(i);
            if (pool != null) pool.retire();
        }
    }

    boolean isRetired() {
        return retired;
    }

    private int breakerState() {
        Destination destination = current;
        CircuitBreaker breaker = destination == null ? null : destination.breaker();
        return breaker == null || breaker.state() == CircuitBreaker.State.CLOSED ? 0 : 1;
    }

    private int ejectedState() {
        Destination destination = current;
        OutlierMonitor outlier = destination == null ? null : destination.outlier();
        return outlier == null ? -1 : outlier.isEjected() ? 1 : 0;
    }

    private int healthyState() {
        Destination destination = current;
        HealthChecker checker = destination == null ? null : destination.checker();
        return checker == null ? -1 : checker.isHealthy() ? 1 : 0;
    }

    @Override
    public String toString() {
        return "cluster " + cluster + ", " + address;
    }
}
