package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import mesh.model.Address;
import mesh.v1.AdminServiceGrpc;
import mesh.v1.AdminServiceGrpc.AdminServiceBlockingStub;
import mesh.v1.ApplyConfigRequest;
import mesh.v1.CaServiceGrpc;
import mesh.v1.CaServiceGrpc.CaServiceBlockingStub;
import mesh.v1.Config;
import mesh.v1.CreateJoinTokenRequest;
import mesh.v1.CreateJoinTokenResponse;
import mesh.v1.ListSidecarsRequest;
import mesh.v1.SidecarStatus;

/** A control plane process and its admin API. May be killed, and started again on the same ports and data. */
final class ControlPlaneProcess implements AutoCloseable {

    private static final Pattern READY = Pattern.compile("control plane ready: tls (\\S+), plaintext (\\S+), metrics (\\S+),");

    private final Path dataDir;
    private final List<String> options;
    private MeshProcess process;
    private Address tls = new Address("127.0.0.1", 0);
    private Address plaintext = tls;
    private Address metrics = tls;
    private ManagedChannel channel;

    /** One that takes writes from everybody on this machine. */
    ControlPlaneProcess(Path dataDir, String... options) {
        this(dataDir, Stream.concat(Stream.of("--dev"), Stream.of(options)).toList());
    }

    private ControlPlaneProcess(Path dataDir, List<String> options) {
        this.dataDir = dataDir;
        this.options = options;
        start();
    }

    /** One as it is without options: writing needs a role. */
    static ControlPlaneProcess guarded(Path dataDir, String... options) {
        return new ControlPlaneProcess(dataDir, List.of(options));
    }

    void start() {
        List<String> words = new ArrayList<>(List.of("control-plane", "start", "--data-dir", dataDir.toString(),
            "--plaintext-listen", plaintext.toString(), "--metrics-listen", metrics.toString()));
        if (!options.contains("--listen")) words.addAll(List.of("--listen", tls.toString()));
        words.addAll(options);
        process = MeshProcess.controlPlane(words.toArray(String[]::new));
        Matcher ready = process.awaitLine(READY);
        tls = Address.parse(ready.group(1));
        plaintext = Address.parse(ready.group(2));
        metrics = Address.parse(ready.group(3));
        if (channel == null) channel = NettyChannelBuilder.forAddress(plaintext.host(), plaintext.port()).usePlaintext().build();
        channel.resetConnectBackoff();
    }

    /** For calls that take longer. */
    ManagedChannel channel() {
        return channel;
    }

    AdminServiceBlockingStub admin() {
        return AdminServiceGrpc.newBlockingStub(channel).withWaitForReady().withDeadlineAfter(20, TimeUnit.SECONDS);
    }

    CaServiceBlockingStub ca() {
        return CaServiceGrpc.newBlockingStub(channel).withWaitForReady().withDeadlineAfter(20, TimeUnit.SECONDS);
    }

    /** @return the version it has now */
    long apply(Config config) {
        return admin().applyConfig(ApplyConfigRequest.newBuilder().setConfig(config).build()).getVersion();
    }

    CreateJoinTokenResponse token(String workload) {
        return admin().createJoinToken(CreateJoinTokenRequest.newBuilder().setSpiffeId("spiffe://mesh.local/" + workload).build());
    }

    List<SidecarStatus> sidecars() {
        return admin().listSidecars(ListSidecarsRequest.getDefaultInstance()).getSidecarsList();
    }

    /** Waits until these nodes have acknowledged everything up to that version that concerns them. */
    void awaitSync(long version, String... nodes) {
        await().atMost(Duration.ofSeconds(90)).pollInterval(Duration.ofMillis(10)).untilAsserted(() -> assertThat(sidecars().stream()
            .filter(each -> each.getConnected() && each.getAcknowledgedVersion() >= version).map(SidecarStatus::getNode))
            .as("in sync with version %d: %s", version, sidecars()).contains(nodes));
    }

    Address tls() {
        return tls;
    }

    Address plaintext() {
        return plaintext;
    }

    Address metrics() {
        return metrics;
    }

    MeshProcess process() {
        return process;
    }

    void kill() {
        process.kill();
    }

    @Override
    public void close() {
        if (channel != null) channel.shutdownNow();
        process.close();
    }
}
