package mesh.proxy;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import mesh.config.RoutePlaces;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.Durations;
import mesh.model.Locality;
import mesh.model.MeshSnapshot;
import mesh.model.Problem;
import mesh.model.Trust;
import mesh.model.TrustBundle;
import mesh.pki.Svid;
import mesh.proxy.admin.SidecarView;
import mesh.proxy.downstream.Dismissals;
import mesh.proxy.downstream.ListenerBinder;
import mesh.proxy.loop.MemoryBudget;
import mesh.proxy.loop.ProxyLoops;
import mesh.proxy.runtime.ProxyRuntime;
import mesh.proxy.runtime.RuntimeTables;
import mesh.proxy.runtime.TableCompiler;
import mesh.proxy.telemetry.AccessLogs;
import mesh.proxy.telemetry.PlaintextCallers;
import mesh.proxy.telemetry.ProxyMetrics;
import mesh.proxy.tls.MeshTls;
import mesh.proxy.tracing.Tracers;
import mesh.proxy.upstream.Connector;
import mesh.time.Env;
import org.jboss.logging.Logger;

/** The data plane without its framework: built with constructors, told what to do by calls. Any thread. */
public final class Sidecar implements SidecarView, AutoCloseable {

    private static final Logger LOG = Logger.getLogger(Sidecar.class);

    private final Env env;
    private final ProxyLoops loops;
    private final ProxyMetrics metrics;
    private final AccessLogs accessLogs;
    private final Tracers tracers;
    private final MeshTls tls;
    private final PlaintextCallers plaintext = new PlaintextCallers();
    private final ProxyRuntime runtime = new ProxyRuntime();
    private final TableCompiler compiler;
    private final ListenerBinder binder;
    private volatile BiConsumer<Svid, Trust> identityFollower = (unused, either) -> {};
    private volatile Svid svid;
    /** Of its own trust domain. */
    private volatile TrustBundle bundle;
    private volatile List<TrustBundle> federation = List.of();
    private volatile Optional<Instant> cachedAt = Optional.empty();
    private volatile RoutePlaces places = RoutePlaces.NONE;
    private volatile boolean draining;

    /** @param count number of event loops, at least 1; one a core is right */
    public Sidecar(Env env, int count) {
        this.env = env;
        this.loops = new ProxyLoops(count, env.ticker());
        this.metrics = new ProxyMetrics(count, env.ticker());
        metrics.retryBudgets(sink -> runtime.current().clusters().forEach((name, cluster) -> sink.accept(name, cluster.budget().balance())));
        metrics.memory(loops.memory()::held, loops.memory()::budget);
        this.accessLogs = new AccessLogs(env.ticker(), metrics);
        this.tracers = new Tracers(env, metrics::spans);
        Dismissals dismissals = new Dismissals(metrics, env.clock());
        this.tls = new MeshTls(env.clock(), metrics::handshake, dismissals);
        Connector connector = new Connector(loops, tls, env.clock());
        this.compiler = new TableCompiler(env, loops, connector, metrics, accessLogs, tracers);
        this.binder = new ListenerBinder(env, loops, runtime, tls, dismissals, connector, metrics, plaintext);
    }

    /** Where it runs, for what is applied from now on; empty for not known. */
    public void locate(Optional<Locality> locality) {
        compiler.locate(locality);
    }

    /** What connections may hold, in bytes; the rest of the process is not counted. Empty for {@link MemoryBudget#standard}. */
    public void budget(OptionalLong bytes) {
        loops.memory().set(bytes.orElseGet(MemoryBudget::standard));
    }

    /** Makes a configuration current, all of it at once; on any problem nothing changes. */
    public ApplyResult apply(MeshSnapshot snapshot) {
        return apply(snapshot, RoutePlaces.NONE);
    }

    /** As {@link #apply}, with the places where its routes are written. */
    public ApplyResult apply(MeshSnapshot snapshot, RoutePlaces written) {
        return apply(snapshot, Optional.empty(), written);
    }

    /**
     * As {@link #apply}, with a configuration from before this process: it may be out of date, and is said to be until the next is applied.
     *
     * @param appliedAt when it was current
     */
    public ApplyResult restore(MeshSnapshot snapshot, Instant appliedAt) {
        return apply(snapshot, Optional.of(appliedAt), RoutePlaces.NONE);
    }

    private synchronized ApplyResult apply(MeshSnapshot snapshot, Optional<Instant> from, RoutePlaces written) {
        // Its own bundle comes with its identity, and may be known where the configuration does not hold it.
        List<Problem> problems = snapshot.withTrust(Optional.ofNullable(bundle).or(snapshot::trust)).problems();
        if (!problems.isEmpty()) return reject(problems);
        RuntimeTables before = runtime.current();
        List<Problem> unopened = accessLogs.open(snapshot);
        if (!unopened.isEmpty()) {
            accessLogs.keep(before.snapshot());
            return reject(unopened);
        }
        RuntimeTables next = compiler.compile(snapshot, before);
        ListenerBinder.Change change = binder.prepare(next);
        if (!change.problems().isEmpty()) {
            change.undo();
            compiler.settle(before, next);
            accessLogs.keep(before.snapshot());
            tracers.keep(before.snapshot());
            return reject(change.problems());
        }
        // Whom to trust comes with the identity, bans and all; a subscription tells it later and says less.
        federation = List.copyOf(snapshot.federation().values());
        trust(svid == null ? snapshot.trust() : Optional.empty());
        runtime.publish(next);
        compiler.settle(next, before);
        change.commit(before);
        accessLogs.keep(snapshot);
        tracers.keep(snapshot);
        cachedAt = from;
        places = written;
        metrics.configApplied(snapshot.version(), from.isPresent());
        return new ApplyResult.Applied(snapshot.version());
    }

    /**
     * Listens before there is a configuration: connections to these addresses wait until a listener is told of, or the time is over, and are
     * refused then.
     */
    public synchronized void hold(Collection<Address> addresses, Duration limit) {
        if (limit.isZero()) return;
        List<Address> held = binder.hold(addresses);
        if (held.isEmpty()) return;
        LOG.infof("connections to %s wait for a configuration, %s at most", Address.listed(held), Durations.format(limit));
        loops.all().get(0).executor().schedule(this::release, limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    private synchronized void release() {
        if (binder.release()) LOG.warn("no configuration in time: connections are refused until there is one");
    }

    /**
     * Takes listening sockets that this process was started with, for the listeners of their addresses. Connections to them wait until then.
     *
     * @throws IOException where one is no listening socket
     */
    public synchronized void adopt(List<Integer> descriptors) throws IOException {
        if (descriptors.isEmpty()) return;
        LOG.infof("sockets of whoever started this: %s", Address.listed(binder.adopt(descriptors)));
    }

    private ApplyResult reject(List<Problem> problems) {
        metrics.configRejected();
        return new ApplyResult.Rejected(problems);
    }

    /** A new certificate, or a new bundle, for every handshake from now on. Open connections stay, but those whose peer is believed no more. */
    public synchronized void rotate(Svid newSvid, TrustBundle newBundle) {
        svid = newSvid;
        trust(Optional.of(newBundle));
    }

    private void trust(Optional<TrustBundle> own) {
        bundle = own.orElse(bundle);
        Optional<Trust> trust = trust();
        if (svid == null || trust.isEmpty()) return;
        tls.rotate(svid, trust.get());
        metrics.certificateExpiry("svid", svid.leaf().getNotAfter().toInstant().getEpochSecond());
        bundle.authorities().stream().mapToLong(each -> each.getNotAfter().toInstant().getEpochSecond()).min()
            .ifPresent(first -> metrics.certificateExpiry("trust_bundle", first));
        identityFollower.accept(svid, trust.get());
    }

    /** Tells one other of the identity that there is and of each that comes, with whom it trusts; must not wait. */
    public synchronized void onIdentity(BiConsumer<Svid, Trust> follower) {
        identityFollower = follower;
        if (svid != null) trust().ifPresent(trust -> follower.accept(svid, trust));
    }

    /**
     * What a configuration would be compiled to. Nothing comes into force, no endpoint is asked anything and no log is opened.
     *
     * @param snapshot has no {@link MeshSnapshot#problems}
     */
    public RuntimeTables rehearse(MeshSnapshot snapshot) {
        return compiler.compile(snapshot, RuntimeTables.EMPTY);
    }

    /** The configuration in force. */
    public MeshSnapshot current() {
        return runtime.current().snapshot();
    }

    @Override
    public Optional<Instant> cachedAt() {
        return cachedAt;
    }

    @Override
    public RoutePlaces places() {
        return places;
    }

    /** What it was compiled to, with everything that is alive in it. */
    @Override
    public RuntimeTables tables() {
        return runtime.current();
    }

    /** Where listeners are bound, by name; tells the port that was chosen for port 0. */
    @Override
    public Map<String, Address> bound() {
        return binder.bound();
    }

    public ProxyMetrics metrics() {
        return metrics;
    }

    public AccessLogs accessLogs() {
        return accessLogs;
    }

    public Tracers tracers() {
        return tracers;
    }

    /** As below, with nobody to be told and no workload to wait for. */
    public CompletableFuture<Void> drain(Duration delay, Duration limit) {
        return drain(delay, CompletableFuture.completedFuture(null), CompletableFuture.completedFuture(null), limit);
    }

    /**
     * Accepts for a while more, lets the requests in flight end, those from the mesh before the workload's own, each the last of its connection,
     * and cuts what is left in the end.
     *
     * @param delay       accepts for so long at least
     * @param known       accepts until this is done, well or not
     * @param application done when the workload is gone: its own calls are served until then
     * @param limit       from now until everything that is left is cut
     * @return done when no client is connected any more
     */
    public synchronized CompletableFuture<Void> drain(Duration delay, CompletionStage<?> known, CompletionStage<?> application, Duration limit) {
        if (draining) throw new IllegalStateException("drain: called twice");
        draining = true;
        return new Leaving(binder, loops.all().get(0), env.ticker(), new Leaving.Plan(delay, known, application, limit)).begin();
    }

    @Override
    public int connections() {
        return binder.connections();
    }

    @Override
    public Optional<Svid> identity() {
        return Optional.ofNullable(svid);
    }

    @Override
    public Optional<Trust> trust() {
        TrustBundle own = bundle;
        if (own == null) return Optional.empty();
        // An identity may be told of a trust domain that a configuration of before took for another's.
        return Optional.of(new Trust(own, federation.stream().filter(each -> !each.trustDomain().equals(own.trustDomain())).toList()));
    }

    @Override
    public PlaintextCallers plaintext() {
        return plaintext;
    }

    /** Whether {@link #drain} has begun: time to fail the readiness probe. */
    @Override
    public boolean draining() {
        return draining;
    }

    /** Cuts everything and ends the threads. */
    @Override
    public synchronized void close() {
        draining = true;
        binder.stopAccepting();
        binder.cut();
        loops.close();
        accessLogs.close();
        tracers.close();
        tls.close();
    }
}
