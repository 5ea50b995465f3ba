package mesh.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import mesh.model.SpiffeId;
import mesh.model.TrustDomain;
import mesh.time.FakeClock;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SvidFilesTest {

    private static final SpiffeId PAYMENTS = SpiffeId.parse("spiffe://mesh.local/payments");

    @TempDir
    private Path directory;
    private final FakeClock clock = new FakeClock();
    private final CertificateAuthority authority = CertificateAuthority.create(TrustDomain.DEFAULT, clock);
    private Path ca;
    private Path cert;
    private Path key;

    @BeforeEach
    void writeAGoodIdentity() throws Exception {
        ca = directory.resolve("ca.crt");
        cert = directory.resolve("svc.crt");
        key = directory.resolve("svc.key");
        PemFiles.writeCertificates(ca, authority.bundle().authorities());
        write(authority.issue(PAYMENTS, Duration.ofHours(1)));
    }

    @Test
    void readsWhoItIsAndWhomItTrusts() throws IOException {
        SvidFiles read = read();
        assertThat(read.svid().id()).isEqualTo(PAYMENTS);
        assertThat(read.bundle()).isEqualTo(authority.bundle());
    }

    @Test
    void refusesTheKeyOfAnotherCertificate() throws Exception {
        PemFiles.writeKey(key, authority.issue(PAYMENTS, Duration.ofHours(1)).key());
        assertThatThrownBy(this::read).isInstanceOf(IOException.class)
            .hasMessage(key + ": the key of another certificate (expected: the key of " + cert + ")");
    }

    @Test
    void refusesACertificateOfAnotherAuthority() throws Exception {
        write(CertificateAuthority.create(TrustDomain.DEFAULT, clock).issue(PAYMENTS, Duration.ofHours(1)));
        assertThatThrownBy(this::read).hasMessageStartingWith(cert + ": ").hasMessageContaining("not vouched for");
    }

    @Test
    void refusesACertificateThatHasExpired() {
        clock.advance(Duration.ofHours(1));
        assertThatThrownBy(this::read).hasMessageStartingWith(cert + ": ").hasMessageContaining("expired");
    }

    @Test
    void namesTheFileThatIsNotThere() throws IOException {
        Files.delete(ca);
        assertThatThrownBy(this::read).hasMessage(ca + ": no such file (expected: PEM)");
    }

    @Test
    void namesTheFileThatIsNoPem() throws IOException {
        Files.writeString(key, "secret");
        assertThatThrownBy(this::read).hasMessageStartingWith(key + ": no PRIVATE KEY in it").hasMessageNotContaining("secret");
    }

    private SvidFiles read() throws IOException {
        return SvidFiles.read(ca, cert, key, clock.instant());
    }

    private void write(Svid svid) throws IOException {
        PemFiles.writeCertificates(cert, svid.chain());
        PemFiles.writeKey(key, svid.key());
    }
}
