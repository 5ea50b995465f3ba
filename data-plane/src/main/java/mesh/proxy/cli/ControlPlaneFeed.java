package mesh.proxy.cli;

import io.grpc.ManagedChannel;
import java.io.IOException;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import mesh.disk.DirectoryLock;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.Locality;
import mesh.model.MeshSnapshot;
import mesh.model.Problem;
import mesh.model.TrustBundle;
import mesh.pki.CaPin;
import mesh.pki.Svid;
import mesh.proxy.Sidecar;
import mesh.proxy.discovery.ControlPlaneChannels;
import mesh.proxy.discovery.Departure;
import mesh.proxy.discovery.IdentitySource;
import mesh.proxy.discovery.TrafficReports;
import mesh.proxy.discovery.XdsSource;
import mesh.proxy.state.StateDirectory;
import mesh.time.Env;
import org.jboss.logging.Logger;

/** A control plane: certificates first, then the subscription over them. */
final class ControlPlaneFeed implements Feed {

    private static final Logger LOG = Logger.getLogger(ControlPlaneFeed.class);

    private final StartOptions.ControlPlane asked;
    private final Optional<Locality> locality;
    private final Duration hold;
    private final Sidecar sidecar;
    private final Env env;
    /** Tells this process from the one before it and the one after it. */
    private final String instance;
    private AutoCloseable lock = () -> {};
    private AutoCloseable way = () -> {};
    private StateDirectory state;
    private ColdStart coldStart;
    private IdentitySource identity;
    private XdsSource source;
    private TrafficReports reports;
    private boolean following;
    private boolean subscribed;

    /** @param hold how long the workload's calls wait for a configuration at most, where the last one tells where they come to */
    ControlPlaneFeed(StartOptions.ControlPlane asked, Optional<Locality> locality, Duration hold, Sidecar sidecar, Env env) {
        this.asked = asked;
        this.locality = locality;
        this.hold = hold;
        sidecar.locate(locality);
        this.sidecar = sidecar;
        this.env = env;
        this.instance = Long.toHexString(env.random().nextLong());
        sidecar.tracers().named(asked.workload(), asked.node());
    }

    @Override
    public List<Problem> open() {
        // A sidecar beside its control plane, for a first look: no certificates, and so no mTLS.
        if (asked.caPin().isEmpty() && asked.addresses().stream().allMatch(Address::isLoopback) && !Files.exists(asked.stateDir())) {
            LOG.warnf("neither --ca-pin nor %s: plaintext to %s, and no certificates", asked.stateDir(), Address.listed(asked.addresses()));
            ManagedChannel channel = ControlPlaneChannels.plaintext(asked.addresses());
            way = channel::shutdownNow;
            source = source(() -> channel, sidecar::apply, XdsSource.Fallback.NONE);
            return List.of();
        }
        try {
            IdentitySource.Origin origin = new IdentitySource.Origin(
                asked.addresses(), asked.node(), asked.workload(), asked.caPin().map(CaPin::parse), asked.proof());
            state = StateDirectory.open(asked.stateDir());
            lock();
            identity = new IdentitySource(origin, state, this::rotate, sidecar.metrics()::certificateRenewal, env);
            way = identity;
            coldStart = new ColdStart(state, asked.node(), sidecar, env);
            source = source(identity::channel, coldStart::apply, coldStart::restore);
            Optional<String> hopeless = identity.open();
            if (identity.hasOne()) {
                sidecar.hold(coldStart.outbound(), hold);
                source.knock(asked.addresses());
            }
            return hopeless.map(why -> List.of(new Problem("", why))).orElse(List.of());
        } catch (IOException e) {
            return List.of(new Problem("", e.getMessage()));
        }
    }

    private XdsSource source(Supplier<ManagedChannel> channels, Function<MeshSnapshot, ApplyResult> sink, XdsSource.Fallback fallback) {
        reports = new TrafficReports(channels, asked.node(), sidecar.metrics().traffic(), env);
        return new XdsSource(channels, asked.node(), asked.workload(), instance, locality, MeshCommand.VERSION, sink, fallback, env);
    }

    private void lock() throws IOException {
        try {
            lock = DirectoryLock.take(asked.stateDir(), "sidecar");
        } catch (FileSystemException e) {
            // Nothing can be kept on a disk that is full or read-only, but what is there can still be served.
            LOG.errorf("state directory not locked: %s", e);
        }
    }

    /** The sidecar's part before the subscription's: listeners may need the certificate as soon as they are told of. */
    private void rotate(Svid svid, TrustBundle bundle) {
        sidecar.rotate(svid, bundle);
        subscribe(true);
    }

    @Override
    public synchronized void follow() {
        following = true;
        if (identity != null) {
            identity.follow();
            if (!identity.hasOne() && state.hasLastGood()) {
                LOG.warn("no identity that is good: the cached configuration is not served, for mTLS could not be spoken");
            }
        }
        subscribe(identity == null || identity.hasOne());
    }

    private synchronized void subscribe(boolean identified) {
        if (subscribed) {
            source.moveOver();
        } else if (following && identified) {
            subscribed = true;
            source.start();
            reports.start();
        }
    }

    @Override
    public boolean ready() {
        return source.state().applied();
    }

    @Override
    public boolean renewCertificate() {
        if (identity != null) {
            identity.renew();
        }
        return identity != null;
    }

    @Override
    public CompletionStage<Void> leave(Duration wait) {
        if (identity == null || !identity.hasOne()) {
            return CompletableFuture.completedFuture(null);
        }
        return Departure.tell(identity.channel(), asked.node(), instance, Departure.reachable(sidecar.current(), sidecar.bound(), ownAddresses()), wait);
    }

    private static List<String> ownAddresses() {
        try {
            return NetworkInterface.networkInterfaces().flatMap(NetworkInterface::inetAddresses)
                .map(each -> each.getHostAddress().replaceFirst("%.*", "")).toList();
        } catch (SocketException e) {
            LOG.warnf("addresses of this machine: %s", e.getMessage());
            return List.of();
        }
    }

    @Override
    public void close() {
        if (source != null) {
            source.close();
            reports.close();
        }
        if (coldStart != null) {
            coldStart.close();
        }
        try {
            way.close();
            lock.close();
        } catch (Exception e) {
            throw new IllegalStateException("a channel or a lock did not close", e);
        }
    }
}
