package mesh.proxy.workload;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.rpc.Status;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import mesh.model.Trust;
import mesh.pki.PemFiles;
import mesh.pki.Svid;
import mesh.pki.TestPki;
import mesh.time.FakeClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Envoy's SDS, over the socket. */
class SecretDiscoveryTest {

    @TempDir
    private Path directory;
    private final FakeClock clock = new FakeClock();
    private final TestPki pki = TestPki.create(clock);
    private final Trust trust = new Trust(pki.bundle(), List.of(TestPki.create("partner.example", clock).bundle()));
    private WorkloadSocket socket;
    private WorkloadClient client;

    @BeforeEach
    void start() throws IOException {
        Path path = directory.resolve("workload.sock");
        socket = new WorkloadSocket(new WorkloadSocket.Options(path, Set.of()), clock);
        socket.start();
        client = new WorkloadClient(path);
    }

    @AfterEach
    void stop() {
        client.close();
        socket.close();
    }

    @Test
    void waitsForTheIdentityThenGivesItAndEachNextOne() throws Exception {
        Answers<DiscoveryResponse> answers = new Answers<>();
        StreamObserver<DiscoveryRequest> stream = client.sds().streamSecrets(answers);
        stream.onNext(names("default"));
        Svid first = pki.svid("payments");
        socket.rotate(first, trust);
        DiscoveryResponse answer = answers.next();
        assertHolds(answer.getResources(0), "default", first);
        stream.onNext(answer(answer, "default").build());

        Svid second = pki.svid("payments");
        socket.rotate(second, trust);
        DiscoveryResponse next = answers.next();
        assertHolds(next.getResources(0), "default", second);
        assertThat(next.getNonce()).isNotEqualTo(answer.getNonce());
        assertThat(next.getVersionInfo()).isNotEqualTo(answer.getVersionInfo());
    }

    @Test
    void knowsBundlesByIstiosNamesAndBySpires() throws Exception {
        socket.rotate(pki.svid("payments"), trust);
        Answers<DiscoveryResponse> answers = new Answers<>();
        client.sds().streamSecrets(answers).onNext(
            names("spiffe://mesh.local/payments", "ROOTCA", "ALL", "spiffe://mesh.local", "spiffe://partner.example"));
        List<Any> secrets = answers.next().getResourcesList();
        assertThat(secrets.get(0).unpack(Secret.class).hasTlsCertificate()).isTrue();
        assertThat(secrets.stream().skip(1).map(SecretDiscoveryTest::trustDomains)).containsExactly(List.of("mesh.local"),
            List.of("mesh.local", "partner.example"), List.of("mesh.local"), List.of("partner.example"));
    }

    @Test
    void doesNotSendAgainWhatWasRefused() throws Exception {
        socket.rotate(pki.svid("payments"), trust);
        Answers<DiscoveryResponse> answers = new Answers<>();
        StreamObserver<DiscoveryRequest> stream = client.sds().streamSecrets(answers);
        stream.onNext(names("default"));
        DiscoveryResponse answer = answers.next();
        stream.onNext(answer(answer, "default").setErrorDetail(Status.newBuilder().setMessage("not that one")).build());
        Svid second = pki.svid("payments");
        socket.rotate(second, trust);
        assertHolds(answers.next().getResources(0), "default", second);
    }

    @Test
    void endsTheStreamOfWhoNamesAnothersSecretAndSaysWhichThereAre() throws Exception {
        socket.rotate(pki.svid("payments"), trust);
        Answers<DiscoveryResponse> answers = new Answers<>();
        client.sds().streamSecrets(answers).onNext(names("spiffe://mesh.local/cart"));
        assertThat(answers.failure()).hasMessageContaining("INVALID_ARGUMENT").hasMessageContaining("no secret \"spiffe://mesh.local/cart\"")
            .hasMessageContaining("default").hasMessageContaining("ROOTCA");
    }

    @Test
    void tellsOnlyWhatDiffersToWhoSubscribesByDelta() throws Exception {
        socket.rotate(pki.svid("payments"), trust);
        Answers<DeltaDiscoveryResponse> answers = new Answers<>();
        StreamObserver<DeltaDiscoveryRequest> stream = client.sds().deltaSecrets(answers);
        stream.onNext(DeltaDiscoveryRequest.newBuilder().setTypeUrl(Secrets.TYPE_URL)
            .addResourceNamesSubscribe("default").addResourceNamesSubscribe("ROOTCA").build());
        DeltaDiscoveryResponse all = answers.next();
        assertThat(all.getResourcesList()).extracting("name").containsExactly("default", "ROOTCA");
        stream.onNext(DeltaDiscoveryRequest.newBuilder().setTypeUrl(Secrets.TYPE_URL).setResponseNonce(all.getNonce()).build());

        Svid second = pki.svid("payments");
        socket.rotate(second, trust);
        DeltaDiscoveryResponse next = answers.next();
        assertThat(next.getResourcesList()).extracting("name").containsExactly("default");
        assertHolds(next.getResources(0).getResource(), "default", second);

        Answers<DeltaDiscoveryResponse> again = new Answers<>();
        client.sds().deltaSecrets(again).onNext(DeltaDiscoveryRequest.newBuilder().setTypeUrl(Secrets.TYPE_URL)
            .addResourceNamesSubscribe("default").addResourceNamesSubscribe("ROOTCA")
            .putInitialResourceVersions("ROOTCA", all.getResources(1).getVersion()).putInitialResourceVersions("default", "old").build());
        assertThat(again.next().getResourcesList()).extracting("name").containsExactly("default");
    }

    private static DiscoveryRequest names(String... names) {
        return DiscoveryRequest.newBuilder().setTypeUrl(Secrets.TYPE_URL).addAllResourceNames(List.of(names)).build();
    }

    private static DiscoveryRequest.Builder answer(DiscoveryResponse response, String... names) {
        return names(names).toBuilder().setResponseNonce(response.getNonce()).setVersionInfo(response.getVersionInfo());
    }

    private static void assertHolds(Any body, String name, Svid svid) throws IOException {
        Secret secret = body.unpack(Secret.class);
        assertThat(secret.getName()).isEqualTo(name);
        assertThat(secret.getTlsCertificate().getCertificateChain().getInlineBytes().toStringUtf8()).isEqualTo(PemFiles.encode(svid.chain()));
        assertThat(secret.getTlsCertificate().getPrivateKey().getInlineBytes().toStringUtf8()).isEqualTo(PemFiles.encode(svid.key()));
    }

    private static List<String> trustDomains(Any body) {
        try {
            return body.unpack(Secret.class).getValidationContext().getCustomValidatorConfig().getTypedConfig().unpack(SPIFFECertValidatorConfig.class)
                .getTrustDomainsList().stream().map(SPIFFECertValidatorConfig.TrustDomain::getName).toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** What a stream has answered. */
    private static final class Answers<T> implements StreamObserver<T> {

        private final BlockingQueue<Object> all = new LinkedBlockingQueue<>();

        @SuppressWarnings("unchecked")
        T next() throws InterruptedException {
            Object next = all.poll(60, TimeUnit.SECONDS);
            assertThat(next).isNotNull().isNotInstanceOf(Throwable.class);
            return (T) next;
        }

        Throwable failure() throws InterruptedException {
            Object next = all.poll(60, TimeUnit.SECONDS);
            assertThat(next).isInstanceOf(Throwable.class);
            return (Throwable) next;
        }

        @Override
        public void onNext(T answer) {
            all.add(answer);
        }

        @Override
        public void onError(Throwable cause) {
            all.add(cause);
        }

        @Override
        public void onCompleted() {
            all.add(new IllegalStateException("completed"));
        }
    }
}
