package mesh.proxy.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import mesh.model.Trust;
import mesh.model.TrustBundle;
import mesh.pki.Svid;
import mesh.pki.TestPki;
import mesh.spiffe.X509BundlesRequest;
import mesh.spiffe.X509BundlesResponse;
import mesh.spiffe.X509SVID;
import mesh.spiffe.X509SVIDRequest;
import mesh.spiffe.X509SVIDResponse;
import mesh.time.FakeClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The SPIFFE Workload API, over its socket. */
class WorkloadApiTest {

    @TempDir
    private Path directory;
    private final FakeClock clock = new FakeClock();
    private final TestPki pki = TestPki.create(clock);
    private final TestPki partner = TestPki.create("partner.example", clock);
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
    void givesTheIdentityWithItsKeyAndEachNextOne() throws Exception {
        Svid first = pki.svid("payments");
        socket.rotate(first, Trust.of(pki.bundle()));
        Iterator<X509SVIDResponse> answers = client.api().fetchX509SVID(X509SVIDRequest.getDefaultInstance());
        assertIs(answers.next(), first);
        Svid second = pki.svid("payments");
        socket.rotate(second, Trust.of(pki.bundle()));
        assertIs(answers.next(), second);
    }

    @Test
    void givesBundlesAndEachNextOneAndNothingForARotationThatConcernsNone() throws Exception {
        Trust one = Trust.of(pki.bundle());
        socket.rotate(pki.svid("payments"), one);
        Iterator<X509BundlesResponse> answers = client.api().fetchX509Bundles(X509BundlesRequest.getDefaultInstance());
        assertThat(answers.next().getBundlesMap()).containsOnlyKeys("spiffe://mesh.local");

        socket.rotate(pki.svid("payments"), one);
        TrustBundle both = new TrustBundle(pki.bundle().trustDomain(), List.of(pki.bundle().authorities().get(0), TestPki.create(clock).bundle().authorities().get(0)));
        socket.rotate(pki.svid("payments"), new Trust(both, List.of(partner.bundle())));
        X509BundlesResponse next = answers.next();
        assertThat(certificates(next.getBundlesOrThrow("spiffe://mesh.local"))).isEqualTo(both.authorities());
        assertThat(certificates(next.getBundlesOrThrow("spiffe://partner.example"))).isEqualTo(partner.bundle().authorities());
    }

    @Test
    void tellsWhoVouchesForOtherTrustDomainsBesideTheIdentity() throws Exception {
        socket.rotate(pki.svid("payments"), new Trust(pki.bundle(), List.of(partner.bundle())));
        X509SVIDResponse answer = client.api().fetchX509SVID(X509SVIDRequest.getDefaultInstance()).next();
        assertThat(certificates(answer.getSvids(0).getBundle())).isEqualTo(pki.bundle().authorities());
        assertThat(answer.getFederatedBundlesMap()).containsOnlyKeys("spiffe://partner.example");
    }

    @Test
    void refusesWhoDoesNotSayThatItMeansIt() {
        socket.rotate(pki.svid("payments"), Trust.of(pki.bundle()));
        assertThatThrownBy(() -> client.withoutMetadata().fetchX509SVID(X509SVIDRequest.getDefaultInstance()).next())
            .hasMessageContaining("INVALID_ARGUMENT").hasMessageContaining("workload.spiffe.io");
    }

    @Test
    void saysThatThereIsNoIdentityYet() {
        assertThatThrownBy(() -> client.api().fetchX509SVID(X509SVIDRequest.getDefaultInstance()).next())
            .hasMessageContaining("PERMISSION_DENIED").hasMessageContaining("no identity");
    }

    @Test
    void aStreamThatEndedMakesRoom() {
        socket.rotate(pki.svid("payments"), Trust.of(pki.bundle()));
        Path path = directory.resolve("workload.sock");
        int each = IdentityFeed.MOST_STREAMS / 4;
        try (WorkloadClient a = new WorkloadClient(path); WorkloadClient b = new WorkloadClient(path); WorkloadClient c = new WorkloadClient(path);
            WorkloadClient d = new WorkloadClient(path)) {
            for (WorkloadClient of : List.of(a, b, c, d)) {
                for (int i = 0; i < each; i++) {
                    of.api().fetchX509SVID(X509SVIDRequest.getDefaultInstance()).next();
                }
            }
            assertThatThrownBy(() -> client.api().fetchX509SVID(X509SVIDRequest.getDefaultInstance()).next()).hasMessageContaining("RESOURCE_EXHAUSTED");
        }
        await().ignoreExceptions().untilAsserted(() ->
            assertThat(client.api().fetchX509SVID(X509SVIDRequest.getDefaultInstance()).next().getSvidsCount()).isEqualTo(1));
    }

    private static void assertIs(X509SVIDResponse answer, Svid svid) throws Exception {
        X509SVID given = answer.getSvids(0);
        assertThat(given.getSpiffeId()).isEqualTo(svid.id().toString());
        assertThat(certificates(given.getX509Svid())).isEqualTo(svid.chain());
        assertThat(KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(given.getX509SvidKey().toByteArray()))).isEqualTo(svid.key());
    }

    private static List<? extends Certificate> certificates(ByteString ders) throws Exception {
        Collection<? extends Certificate> all = CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(ders.toByteArray()));
        return List.copyOf(all);
    }
}
