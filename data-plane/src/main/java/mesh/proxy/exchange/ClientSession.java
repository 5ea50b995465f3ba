package mesh.proxy.exchange;

import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import mesh.model.Address;
import mesh.proxy.ends.Ends;
import mesh.proxy.ends.Redirected;
import mesh.proxy.http.DownstreamHandler;
import mesh.proxy.http.DownstreamStream;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ServerConnection;
import mesh.proxy.limit.ClientKey;
import mesh.proxy.loop.MemoryBudget.Stage;
import mesh.proxy.loop.ProxyLoop;
import mesh.proxy.outcome.Failure;
import mesh.proxy.outcome.StopReason;
import mesh.proxy.runtime.ListenerTable;
import mesh.proxy.runtime.ProxyRuntime;
import mesh.proxy.runtime.RuntimeTables;
import mesh.proxy.telemetry.AccessEntry;
import mesh.proxy.telemetry.AccessLogger;
import mesh.proxy.telemetry.ProxyMetrics;
import mesh.proxy.tracing.RequestTrace;
import mesh.proxy.tracing.TraceId;
import mesh.proxy.tracing.Tracer;
import mesh.proxy.upstream.Connector;
import org.jboss.logging.Logger;

/** What all exchanges of one client's connection have in common. On the connection's loop only. */
public final class ClientSession implements DownstreamHandler.Factory, ServerConnection.Observer {

    private static final Logger LOG = Logger.getLogger(ClientSession.class);

    private final ProxyRuntime runtime;
    private final Supplier<String> listener;
    private final Channel client;
    private final Redirected redirected;
    private final Connector connector;
    private final ProxyLoop loop;
    private final RandomGenerator random;
    private final RetryDecision retries;
    private final ProxyMetrics metrics;
    private final InstantSource clock;
    private final ClientFilters filters;
    private final AccessCheck access;
    private final StoppedClients stopped;
    private final Overload overload;
    private RuntimeTables seen;
    private ListenerTable.Http table;
    private ClientKey clientKey;
    private ClientHash clientHash;
    private String clientName;
    private ClientPools pools;

    /**
     * @param listener the name of the listener that owns the socket now; it may change with a configuration
     * @param table    that listener's, when the connection was accepted
     * @param client   whose requests they are
     * @param redirected what its connection was opened to; null where nothing was redirected
     */
    public ClientSession(
        ProxyRuntime runtime, Supplier<String> listener, ListenerTable.Http table, Channel client, Redirected redirected,
        Connector connector, ProxyLoop loop, RandomGenerator random, InstantSource clock,
        ProxyMetrics metrics, ClientFilters filters, AccessCheck access, StoppedClients stopped,
        Overload overload) {
        this.runtime = runtime;
        this.listener = listener;
        this.table = table;
        this.client = client;
        this.redirected = redirected;
        this.connector = connector;
        this.loop = loop;
        this.random = random;
        this.retries = new RetryDecision(random, clock);
        this.metrics = metrics;
        this.clock = clock;
        this.filters = filters;
        this.access = access;
        this.stopped = stopped;
        this.overload = overload;
    }

    @Override
    public DownstreamHandler begin(DownstreamStream stream, boolean end) {
        Exchange exchange = new Exchange(this, table(), stream);
        exchange.begin(end);
        return exchange;
    }

    @Override
    public boolean takesStreams(long now) {
        return !overload.sheds(Stage.NO_STREAMS, loop, now);
    }

    /** Whether requests are answered with 503. */
    boolean refusesRequests(long now) {
        return overload.sheds(Stage.NO_REQUESTS, loop, now);
    }

    @Override
    public void onHeld(int more) {
        overload.hold(loop, more);
    }

    /** One read, and a look-up only after a push. A listener that is gone or no longer HTTP ends what it began by the tables it had. */
    private ListenerTable.Http table() {
        RuntimeTables current = runtime.current();
        if (current != seen) {
            seen = current;
            ListenerTable found = current.listeners().get(listener.get());
            if (found != null && found.traffic() instanceof ListenerTable.Http http) table = http;
        }
        return table;
    }

    @Override
    public void onRefused(Channel channel, Failure failure, String why) {
        LOG.debugf("%s: %d, %s", channel.remoteAddress(), failure.httpStatus(), why);
        ListenerTable.Http at = table();
        at.service().request(loop.index(), failure.httpStatus(), 0);
        AccessLogger log = at.log();
        if (log != null && log.wants(failure.httpStatus(), true, -1, random)) {
            log.write(new AccessEntry(log.format(), millis(), null, null, null, failure.httpStatus(), failure, false, null, null, null, null, 0,
                peer(), clientName(channel), null, null, null, 0, -1, 0, 0, -1, null));
        }
    }

    @Override
    public void onStopped(Channel channel, StopReason reason, String why) {
        stopped.stopped(listener.get(), reason, clientName(channel), peer(), why, clock.millis() / 1000);
    }

    @Override
    public void onBug(Channel channel, Throwable bug) {
        metrics.internalError();
        LOG.errorf(bug, "bug on the connection of %s, which is closed", channel.remoteAddress());
    }

    ProxyLoop loop() {
        return loop;
    }

    /** Begins the record of a request; null when it is not sampled. */
    RequestTrace trace(Tracer tracer, RequestHead head) {
        TraceId id = filters.trace().sampled(head, tracer.millionths());
        return id == null ? null : tracer.begin(id, nanos(), clock.instant());
    }

    RandomGenerator random() {
        return random;
    }

    RetryDecision retries() {
        return retries;
    }

    ProxyMetrics metrics() {
        return metrics;
    }

    long millis() {
        return clock.millis();
    }

    /** The name of the listener that it came by. */
    String listener() {
        return listener.get();
    }

    /** The identity that the client has proved, or null. */
    String peer() {
        return filters.peer();
    }

    /** The other end's address and port. */
    String clientName(Channel client) {
        if (clientName == null) clientName = name(client);
        return clientName;
    }

    static String name(Channel client) {
        return Ends.sourceOf(client) instanceof InetSocketAddress inet && inet.getAddress() != null
            ? new Address(inet.getAddress().getHostAddress(), inet.getPort()).toString() : "unknown";
    }

    /** Who the client is to a rate limit. */
    ClientKey clientKey() {
        if (clientKey == null) clientKey = new ClientKey(filters.address(), filters.peer());
        return clientKey;
    }

    /** What balancers may go by that go by keys. */
    ClientHash clientHash() {
        if (clientHash == null) clientHash = new ClientHash(filters.address(), filters.peer());
        return clientHash;
    }

    /** Connections that nobody else may use. */
    ClientPools pools() {
        if (pools == null) pools = new ClientPools(client, redirected, connector, metrics, loop);
        return pools;
    }

    AccessCheck access() {
        return access;
    }

    ClientFilters filters() {
        return filters;
    }

    /** Elapsed time on this loop. */
    long nanos() {
        return loop.timers().now();
    }
}
