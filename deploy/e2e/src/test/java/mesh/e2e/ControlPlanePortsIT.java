package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import mesh.model.SpiffeId;
import mesh.pki.KeyPairs;
import mesh.pki.SigningRequest;
import mesh.pki.Svid;
import mesh.v1.AdminServiceGrpc;
import mesh.v1.Cluster;
import mesh.v1.Config;
import mesh.v1.GetConfigRequest;
import mesh.v1.IdentityServiceGrpc;
import mesh.v1.Listener;
import mesh.v1.Scope;
import mesh.v1.SignCertificateRequest;
import mesh.v1.SignCertificateResponse;
import mesh.xds.ResourceType;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who gets through which door of a control plane as it is shipped, its own certificate, its lock and its end. */
class ControlPlanePortsIT {

    private static final SpiffeId ADMIN = SpiffeId.parse("spiffe://mesh.local/admin");

    @TempDir
    private Path dir;

    private final List<ManagedChannel> channels = new ArrayList<>();
    private ControlPlaneProcess controlPlane;

    @BeforeEach
    void start() {
        start("1h");
    }

    private void start(String ttl) {
        controlPlane = new ControlPlaneProcess(dir.resolve("data"), "--admin", ADMIN.toString(), "--svid-ttl", ttl);
    }

    private void restart(String ttl) {
        controlPlane.close();
        start(ttl);
    }

    @AfterEach
    void stop() {
        channels.forEach(ManagedChannel::shutdownNow);
        controlPlane.close();
    }

    @Test
    void letsStrangersAskForACertificateAndNothingElse() throws Exception {
        ManagedChannel stranger = channel(null);

        assertRefused(Status.Code.UNAUTHENTICATED, () -> getConfig(stranger));
        assertRefused(Status.Code.UNAUTHENTICATED, () -> sign(stranger, KeyPairs.create(), ""));
        assertRefused(Status.Code.UNAUTHENTICATED, () -> sign(stranger, KeyPairs.create(), "guess"));
        assertThatThrownBy(() -> subscribe(stranger).get(20, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class)
            .hasMessageContaining("UNAUTHENTICATED");
    }

    @Test
    void letsAWorkloadInAndLeavesTheConfigurationToAdmins() throws Exception {
        ManagedChannel web = channel(join("web"));
        ManagedChannel admin = channel(join("admin"));

        assertThat(subscribe(web).get(20, TimeUnit.SECONDS).getTypeUrl()).isEqualTo(ResourceType.LISTENER.typeUrl());
        assertThat(sign(web, KeyPairs.create(), "").getCertificateChainCount()).isPositive();
        assertRefused(Status.Code.PERMISSION_DENIED, () -> getConfig(web));
        assertThat(getConfig(admin)).isNotNull();
        assertThat(metrics()).contains("mesh_ca_signatures_total{result=\"issued\"} 3.0").contains("mesh_connected_sidecars 1.0");
    }

    @Test
    void aTokenThatWasUsedIsRefusedAndSaidToBe() throws Exception {
        String token = controlPlane.token("web").getToken();
        sign(channel(null), KeyPairs.create(), token);

        assertRefused(Status.Code.UNAUTHENTICATED, () -> sign(channel(null), KeyPairs.create(), token));
        controlPlane.process().awaitLine(Pattern.compile("join token for spiffe://mesh.local/web refused: it was used before"));
        assertThat(controlPlane.process().log()).doesNotContain(token);
    }

    @Test
    void aWorkloadIsShownWhatIsForItsCertificateWhateverItSaysOfItself() throws Exception {
        Config.Builder config = Config.newBuilder().addClusters(Cluster.newBuilder().setName("app"));
        for (String workload : List.of("web", "payments")) {
            config.addListeners(Listener.newBuilder().setName(workload + "-in").setListen("127.0.0.1:0").setProtocol("tcp").setCluster("app")
                .setScope(Scope.newBuilder().setWorkload(workload)));
        }
        controlPlane.apply(config.build());

        assertThat(subscribe(channel(join("web")), "payments", new CompletableFuture<>()).get(20, TimeUnit.SECONDS).getResourcesList())
            .extracting(Resource::getName).containsExactly("web-in");
    }

    @Test
    void speaksNoOlderTls() throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
        for (String version : List.of("TLSv1.3", "TLSv1.2")) {
            try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(controlPlane.tls().host(), controlPlane.tls().port())) {
                socket.setEnabledProtocols(new String[] {version});
                if (version.equals("TLSv1.3")) socket.startHandshake();
                else assertThatThrownBy(socket::startHandshake).isInstanceOf(SSLException.class);
            }
        }
    }

    /** And its connection: a client that only began the call again, on the same one, would be refused there for ever. */
    @Test
    void endsASubscriptionWithTheCertificateThatItWasMadeWith() throws Exception {
        restart("12s");
        ManagedChannel web = channel(join("web"));
        CompletableFuture<Status> end = new CompletableFuture<>();

        subscribe(web, "", end).get(20, TimeUnit.SECONDS);
        assertThat(end.get(30, TimeUnit.SECONDS).getCode()).as("no status of ours: the connection broke").isEqualTo(Status.Code.UNAVAILABLE);
        await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> assertThat(metrics()).contains("mesh_connected_sidecars 0.0"));
    }

    @Test
    void showsYoungCertificatesWithoutARestart() throws Exception {
        restart("8s");
        X509Certificate first = shown();

        await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(200)).untilAsserted(() ->
            assertThat(shown().getSerialNumber()).isNotEqualTo(first.getSerialNumber()));
        assertThat(shown().getNotAfter()).isAfter(first.getNotAfter());
    }

    @Test
    void tellsASecondOneThatItsDirectoryIsTaken() {
        try (MeshProcess second = MeshProcess.controlPlane("control-plane", "start", "--data-dir", dir.resolve("data").toString(),
            "--listen", "127.0.0.1:0", "--plaintext-listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0")) {
            second.awaitLine(Pattern.compile("^mesh: .*/data: in use by another control plane"));
            assertThat(second.exitCode()).isEqualTo(1);
        }
        assertThat(controlPlane.apply(Config.getDefaultInstance())).isZero();
    }

    @Test
    void endsWith0WhenItIsToldTo() {
        controlPlane.process().terminate();

        assertThat(controlPlane.process().exitCode()).as(controlPlane.process().log()).isZero();
    }

    private Svid join(String workload) throws Exception {
        KeyPair pair = KeyPairs.create();
        SignCertificateResponse response = sign(channel(null), pair, controlPlane.token(workload).getToken());
        List<X509Certificate> chain = new ArrayList<>();
        for (ByteString der : response.getCertificateChainList()) {
            chain.add((X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der.toByteArray())));
        }
        return new Svid(SpiffeId.parse("spiffe://mesh.local/" + workload), chain, pair.getPrivate());
    }

    private static SignCertificateResponse sign(ManagedChannel channel, KeyPair pair, String token) {
        return IdentityServiceGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS).signCertificate(
            SignCertificateRequest.newBuilder().setCsr(ByteString.copyFrom(SigningRequest.create(pair))).setJoinToken(token).build());
    }

    private static Config getConfig(ManagedChannel channel) {
        return AdminServiceGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS)
            .getConfig(GetConfigRequest.getDefaultInstance()).getConfig();
    }

    /** The first answer to a subscription that stays open. */
    private static CompletableFuture<DeltaDiscoveryResponse> subscribe(ManagedChannel channel) {
        return subscribe(channel, "", new CompletableFuture<>());
    }

    /** @param workload as it says itself */
    private static CompletableFuture<DeltaDiscoveryResponse> subscribe(ManagedChannel channel, String workload, CompletableFuture<Status> end) {
        CompletableFuture<DeltaDiscoveryResponse> first = new CompletableFuture<>();
        DeltaDiscoveryRequest.Builder request = DeltaDiscoveryRequest.newBuilder().setTypeUrl(ResourceType.LISTENER.typeUrl());
        request.getNodeBuilder().setId("web-1").setCluster(workload);
        AggregatedDiscoveryServiceGrpc.newStub(channel).deltaAggregatedResources(new StreamObserver<>() {
            @Override
            public void onNext(DeltaDiscoveryResponse response) {
                first.complete(response);
            }

            @Override
            public void onError(Throwable cause) {
                first.completeExceptionally(cause);
                end.complete(Status.fromThrowable(cause));
            }

            @Override
            public void onCompleted() {
                first.completeExceptionally(new IllegalStateException("ended"));
                end.complete(Status.OK);
            }
        }).onNext(request.build());
        return first;
    }

    private ManagedChannel channel(Svid svid) throws Exception {
        SslContextBuilder tls = GrpcSslContexts.forClient().trustManager(InsecureTrustManagerFactory.INSTANCE);
        if (svid != null) {
            tls.keyManager(svid.key(), svid.chain());
        }
        ManagedChannel channel = NettyChannelBuilder.forAddress(controlPlane.tls().host(), controlPlane.tls().port()).sslContext(tls.build()).build();
        channels.add(channel);
        return channel;
    }

    private X509Certificate shown() throws Exception {
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
        try (var socket = (SSLSocket) context.getSocketFactory().createSocket(controlPlane.tls().host(), controlPlane.tls().port())) {
            socket.startHandshake();
            return (X509Certificate) socket.getSession().getPeerCertificates()[0];
        }
    }

    private String metrics() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + controlPlane.metrics() + "/metrics")).build();
        return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
    }

    private static void assertRefused(Status.Code code, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(StatusRuntimeException.class,
            refused -> assertThat(refused.getStatus().getCode()).as(refused.getMessage()).isEqualTo(code));
    }
}
