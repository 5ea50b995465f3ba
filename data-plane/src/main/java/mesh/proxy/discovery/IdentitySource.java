package mesh.proxy.discovery;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import mesh.model.Address;
import mesh.model.TrustBundle;
import mesh.pki.CaPin;
import mesh.pki.Svid;
import mesh.proxy.state.StateDirectory;
import mesh.time.Env;
import org.jboss.logging.Logger;

/**
 * A sidecar's identity: from its state directory, else from the control plane for a token; renewed over mTLS before it ends, and
 * whom it trusts kept current. While the control plane is away the last ones serve, until they expire.
 *
 * <p>Everything, the sink included, runs on one thread of its own once {@link #follow} was called; {@link #open} runs on its caller's.
 */
public final class IdentitySource implements AutoCloseable {

    /**
     * How a first identity is had.
     *
     * @param controlPlanes replicas, any of which will do
     * @param node          as the sidecar calls itself
     * @param workload      the path of its SPIFFE id without the leading slash
     * @param pin           of the control plane's CA; empty when the state directory has an identity
     * @param proof         empty when the state directory has an identity
     */
    public record Origin(List<Address> controlPlanes, String node, String workload, Optional<CaPin> pin, Optional<FirstProof> proof) {}

    /** Told how each request for a certificate has ended. */
    @FunctionalInterface
    public interface Renewals {
        void ended(boolean good);
    }

    private static final Logger LOG = Logger.getLogger(IdentitySource.class);

    private final Origin origin;
    private final StateDirectory state;
    private final BiConsumer<Svid, TrustBundle> sink;
    private final Renewals renewals;
    private final Env env;
    private final Reconnect reconnect;
    private final CertificateClient client;
    private final Enrolment enrolment;
    private final BundleFollower bundles;
    private final ScheduledExecutorService thread;

    private volatile boolean closed;
    private volatile Held held;
    // Below: on the thread only, once it follows.
    private RenewalTime renewal;
    private boolean renewing;
    private ScheduledFuture<?> look;

    /** What is current, and the way to the control plane that it opens. */
    private record Held(Svid svid, TrustBundle bundle, ManagedChannel channel) {}

    /** @param sink told of each identity and bundle that become current */
    public IdentitySource(Origin origin, StateDirectory state, BiConsumer<Svid, TrustBundle> sink, Renewals renewals, Env env) {
        this(origin, state, sink, renewals, env, Reconnect.guarded(env.random()), new ScheduledThreadPoolExecutor(1, task -> {
            Thread t = new Thread(task, "mesh-identity");
            t.setDaemon(true);
            return t;
        }));
    }

    IdentitySource(Origin origin, StateDirectory state, BiConsumer<Svid, TrustBundle> sink, Renewals renewals, Env env,
        Reconnect reconnect, ScheduledExecutorService thread) {
        this.origin = origin;
        this.state = state;
        this.sink = sink;
        this.renewals = renewals;
        this.env = env;
        this.reconnect = reconnect;
        this.client = new CertificateClient(origin.workload(), env.clock());
        this.enrolment = new Enrolment(origin, client, env.clock());
        this.bundles = new BundleFollower(origin.node(), this::channel, this::arrived, reconnect, env.random(), thread);
        this.thread = thread;
    }

    /**
     * Takes the identity from before or, if there is none that is good, asks for the first one, once. A control plane that is away is no
     * reason to end: {@link #follow} goes on asking.
     *
     * @return why there can never be an identity; empty to go on
     */
    public Optional<String> open() {
        try {
            Optional<StateDirectory.Kept> kept = state.identity();
            if (kept.isPresent() && !kept.get().svid().id().workload().equals(origin.workload())) {
                return Optional.of(state + ": has the identity " + kept.get().svid().id() + " (expected: of workload \"" + origin.workload()
                    + "\"; each has a directory of its own)");
            }
            if (kept.isPresent() && isGood(kept.get().svid())) {
                use(kept.get().svid(), kept.get().bundle());
                return Optional.empty();
            }
            kept.ifPresent(old -> LOG.warnf("%s: its identity expired at %s and is not used", state, end(old.svid())));
            if (enrolment.missing().isPresent()) {
                String why = kept.map(old -> "its identity expired at " + end(old.svid())).orElse("no identity in it");
                return Optional.of(state + ": " + why + " " + enrolment.missing().get());
            }
            obtain();
            return Optional.empty();
        } catch (StatusRuntimeException e) {
            String words = CallFailure.words(e);
            if (Enrolment.mayPass(e)) {
                LOG.warnf("no certificate yet: %s", words);
                return Optional.empty();
            }
            return Optional.of("no certificate from " + Address.listed(origin.controlPlanes()) + ": " + words);
        } catch (IOException | IllegalArgumentException e) {
            return Optional.of(e.getMessage());
        }
    }

    private boolean isGood(Svid svid) {
        return env.clock().instant().isBefore(end(svid));
    }

    private static Instant end(Svid svid) {
        return svid.leaf().getNotAfter().toInstant();
    }

    /** Renews, and follows whom to trust, for as long as this is not closed. Returns at once. */
    public void follow() {
        run(() -> {
            renewWhenDue();
            bundles.start();
        });
    }

    /** Renews now, whatever the time; does nothing more while it is at it. Returns at once. */
    public void renew() {
        run(() -> {
            renewal = new RenewalTime(env.clock().instant());
            renewWhenDue();
        });
    }

    public boolean hasOne() {
        return held != null;
    }

    /** The way to the control plane, by the current identity. A channel from before stays open until the identity it was made with ends. */
    public ManagedChannel channel() {
        Held current = held;
        if (current == null) {
            throw new IllegalStateException("no identity yet");
        }
        return current.channel;
    }

    @Override
    public void close() {
        closed = true;
        run(() -> {
            bundles.close();
            if (held != null) {
                held.channel.shutdownNow();
            }
            thread.shutdownNow();
        });
    }

    private void renewWhenDue() {
        if (renewing) {
            return;
        }
        if (look != null) {
            look.cancel(false);
        }
        Duration left = held == null ? Duration.ZERO : renewal.left(env.clock().instant());
        if (left.isZero()) {
            renewing = true;
            reconnect.untilGood(this::attempt).whenComplete((done, failure) -> run(() -> {
                renewing = false;
                renewWhenDue();
            }));
        } else {
            // In steps, and not once at the right moment, because a machine may sleep and a clock be set.
            look = schedule(this::renewWhenDue, left.compareTo(RenewalTime.STEP) < 0 ? left : RenewalTime.STEP);
        }
    }

    private CompletionStage<Void> attempt() {
        CompletableFuture<Void> done = new CompletableFuture<>();
        run(() -> {
            if (closed) {
                done.complete(null);
                return;
            }
            try {
                obtain();
                done.complete(null);
            } catch (StatusRuntimeException e) {
                failed(done, e, CallFailure.words(e));
            } catch (IOException | RuntimeException e) {
                failed(done, e, e.getMessage());
            }
        });
        return done;
    }

    private void failed(CompletableFuture<Void> done, Exception cause, String words) {
        if (held == null) {
            LOG.warnf("no certificate yet: %s", words);
        } else {
            LOG.errorf("certificate not renewed, the old one is good until %s: %s", end(held.svid), words);
        }
        done.completeExceptionally(cause);
    }

    /** By the identity there is; by the token when there is none, or it is too late for it. */
    private void obtain() throws IOException {
        CertificateClient.Given given = ask();
        keep(given.svid(), given.bundle());
        use(given.svid(), given.bundle());
        LOG.infof("certificate: %s until %s", given.svid().id(), end(given.svid()));
    }

    private CertificateClient.Given ask() throws IOException {
        boolean good = false;
        try {
            boolean isProven = held != null && isGood(held.svid);
            CertificateClient.Given given = isProven ? client.request(held.channel) : enrolment.enrol();
            good = true;
            return given;
        } finally {
            renewals.ended(good);
        }
    }

    /** A disk that is full is no reason to go without. */
    private void keep(Svid svid, TrustBundle bundle) {
        try {
            state.keep(svid, bundle);
        } catch (IOException e) {
            LOG.errorf("identity not kept for the next start: %s", e);
        }
    }

    private void use(Svid svid, TrustBundle bundle) {
        Held before = held;
        held = new Held(svid, bundle, ControlPlaneChannels.mutual(origin.controlPlanes(), svid, bundle, env.clock()));
        boolean isNew = before != null && before.svid != svid;
        if (isNew || before == null || !before.bundle.equals(bundle)) {
            // What has just been issued is the best there is, whatever its root.
            renewal = isNew ? RenewalTime.of(svid, env.clock().instant(), env.random())
                : RenewalTime.of(svid, bundle, env.clock().instant(), env.random());
        }
        sink.accept(svid, bundle);
        if (before != null) {
            retire(before);
        }
    }

    /** Streams that nobody moves over may stay for as long as what they were opened with is good. */
    private void retire(Held before) {
        bundles.moveOver();
        before.channel.shutdown();
        Duration left = Duration.between(env.clock().instant(), end(before.svid));
        schedule(before.channel::shutdownNow, left.isNegative() ? Duration.ZERO : left);
    }

    /** @return whether it is in force */
    private boolean arrived(TrustBundle bundle) {
        if (bundle.equals(held.bundle)) {
            return true;
        }
        if (!bundle.trustDomain().equals(held.svid.id().trustDomain())) {
            LOG.errorf("trust bundle of %s ignored (expected: of %s)", bundle.trustDomain(), held.svid.id().trustDomain());
            return false;
        }
        keep(held.svid, bundle);
        LOG.infof("trust bundle: %d authorities of %s", bundle.authorities().size(), bundle.trustDomain());
        use(held.svid, bundle);
        renewWhenDue();
        return true;
    }

    private void run(Runnable step) {
        try {
            thread.execute(step);
        } catch (RejectedExecutionException e) {
            // Closed meanwhile.
        }
    }

    private ScheduledFuture<?> schedule(Runnable step, Duration delay) {
        try {
            return thread.schedule(step, delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            return null;
        }
    }
}
