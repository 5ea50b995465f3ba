package mesh.control.admin;

import static org.awaitility.Awaitility.await;

import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import mesh.control.ca.AuditLog;
import mesh.control.ca.JoinTokens;
import mesh.control.ca.LiveLeaves;
import mesh.control.ca.OneAuthority;
import mesh.control.ca.SvidIssuer;
import mesh.control.ca.TokenReviewer;
import mesh.control.journal.CrashingFiles;
import mesh.control.ports.AdminToken;
import mesh.control.ports.CallPolicy;
import mesh.control.ports.PeerInterceptor;
import mesh.control.replica.Board;
import mesh.control.rollout.Rollouts;
import mesh.control.rollout.TrafficService;
import mesh.control.store.MeshStore;
import mesh.control.stream.AdsService;
import mesh.control.stream.DrainingEndpoints;
import mesh.control.stream.SidecarRegistry;
import mesh.control.stream.StatusService;
import mesh.control.stream.StreamAge;
import mesh.control.stream.StreamStatus;
import mesh.model.TrustDomain;
import mesh.pki.CertificateAuthority;
import mesh.time.FakeClock;
import mesh.v1.AdminServiceGrpc;
import mesh.v1.AdminServiceGrpc.AdminServiceBlockingStub;
import mesh.v1.Endpoint;
import mesh.v1.PutEndpointRequest;
import mesh.xds.ResourceType;

/** The admin API and the subscription on a real loopback port, without Quarkus, over files in memory. */
public final class AdminServer implements AutoCloseable {

    public final FakeClock clock = new FakeClock();
    public final CrashingFiles files = new CrashingFiles(new Random(1));
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Rollouts rollouts;
    private final MeshStore store;
    private final SidecarRegistry sidecars;
    private final AdsService ads;
    private final AdminService admin;
    private final Server server;
    private final ManagedChannel channel;

    public AdminServer() throws IOException {
        CertificateAuthority ca = CertificateAuthority.create(new TrustDomain("mesh.local"), clock);
        AuditLog audit = AuditLog.open(files, clock);
        SvidIssuer issuer = new SvidIssuer(new OneAuthority(ca), JoinTokens.open(files, clock, new Random(2)), TokenReviewer.NONE, audit,
            new LiveLeaves(clock), Duration.ofHours(1), clock);
        store = MeshStore.open(files, () -> Optional.of(ca.bundle()), clock);
        sidecars = new SidecarRegistry(clock);
        rollouts = Rollouts.open(store, sidecars, Board.ALONE, () -> true, clock);
        ads = new AdsService(new DrainingEndpoints(store, clock), rollouts, Optional::empty, sidecars, meters,
            new StreamAge(Duration.ofHours(1), new Random(1)));
        admin = new AdminService(store, sidecars, issuer, audit, meters, rollouts, clock);
        server = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
            .intercept(new PeerInterceptor(new CallPolicy(Set.of(), Set.of(), true), AdminToken.of("t".repeat(43)), chain -> {
                throw new IllegalArgumentException("nobody shows a certificate here");
            }, clock))
            .addService(admin)
            .addService(ads)
            .addService(new StatusService(sidecars))
            .addService(new TrafficService(rollouts, sidecars, Optional::empty))
            .build().start();
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.getPort()).usePlaintext().build();
    }

    public String address() {
        return "127.0.0.1:" + server.getPort();
    }

    ManagedChannel channel() {
        return channel;
    }

    AdminServiceBlockingStub admin() {
        return AdminServiceGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
    }

    /** As when the control plane stops. */
    void closeAdmin() {
        admin.close();
    }

    /** Waits until a client has acknowledged everything of a type. */
    public void awaitAcknowledged(ResourceType type) {
        await().until(() -> sidecars.statuses(node -> true).join().stream().flatMap(each -> each.types().stream())
            .anyMatch(each -> each.type() == type && !each.waits() && each.acknowledgedVersion() > 0));
    }

    /** Waits until a node has acknowledged a version. */
    public void awaitSync(String node, long version) {
        await().until(() -> sidecars.list().stream().anyMatch(each -> each.node().equals(node) && each.acknowledgedVersion() >= version));
    }

    /** The nodes of those that were sent such a cluster. */
    public List<String> nodesThatHave(Predicate<Cluster> such) {
        return sidecars.statuses(node -> true).join().stream()
            .filter(status -> status.types().stream().filter(type -> type.type() == ResourceType.CLUSTER).flatMap(type -> type.resources().stream())
                .anyMatch(resource -> such.test(unpacked(resource))))
            .map(StreamStatus::node).toList();
    }

    private static Cluster unpacked(Resource resource) {
        try {
            return resource.getResource().unpack(Cluster.class);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
        }
    }

    public void putEndpoint(String cluster, String address) {
        admin().putEndpoint(PutEndpointRequest.newBuilder().setCluster(cluster).setEndpoint(Endpoint.newBuilder().setAddress(address)).build());
    }

    /** Waits until a client has refused something. */
    public void awaitRejection() {
        await().until(() -> sidecars.list().stream().anyMatch(each -> each.rejection().isPresent()));
    }

    double counted(String result) {
        return meters.counter("mesh_config_applies", "result", result).count();
    }

    @Override
    public void close() throws Exception {
        channel.shutdownNow();
        ads.close();
        admin.close();
        server.shutdownNow();
        server.awaitTermination(10, TimeUnit.SECONDS);
        rollouts.close();
        store.close();
    }
}
