package mesh.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import mesh.model.TrustDomain;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PemFilesTest {

    @TempDir
    private Path directory;
    private final TestPki pki = TestPki.create(new FakeClock());

    @Test
    void whatIsWrittenReadsTheSame() throws IOException {
        Svid svid = pki.svid("web").withRoot(pki.bundle().authorities().get(0));
        Path file = directory.resolve("svid.pem");
        PemFiles.writeSvid(file, svid);
        assertThat(PemFiles.svid(file, file)).isEqualTo(svid);
    }

    @Test
    void aFileThatIsReplacedKeepsNothingOfItsLooserMode() throws IOException {
        Path file = directory.resolve("svc.key");
        Files.writeString(file, "old");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
        PemFiles.writeKey(file, KeyPairs.create().getPrivate());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
    }

    @Test
    void whatWasLeftByAWriteThatWasCutShortIsNoObstacle() throws IOException {
        Files.writeString(directory.resolve("svc.key.new"), "half");
        Path file = directory.resolve("svc.key");
        PemFiles.writeKey(file, KeyPairs.create().getPrivate());
        assertThat(PemFiles.privateKey(file)).isNotNull();
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void textAroundTheBlocksIsPassedOver() throws IOException {
        Path file = directory.resolve("svc.crt");
        PemFiles.writeCertificates(file, pki.svid("web").chain());
        Files.writeString(file, "subject: web\r\n" + Files.readString(file).replace("\n", "\r\n") + "\n# end\n");
        assertThat(PemFiles.certificates(file)).hasSize(1);
    }

    @Test
    void aFileOfAnotherKindIsToldByWhatIsInIt() throws IOException {
        Path key = directory.resolve("svc.key");
        PemFiles.writeKey(key, KeyPairs.create().getPrivate());
        assertThatThrownBy(() -> PemFiles.certificates(key))
            .hasMessage(key + ": no CERTIFICATE in it, but [PRIVATE KEY] (expected: -----BEGIN CERTIFICATE-----)");
        Files.writeString(key, Files.readString(key).replace("PRIVATE KEY", "EC PRIVATE KEY"));
        assertThatThrownBy(() -> PemFiles.privateKey(key)).hasMessageContaining("no PRIVATE KEY in it, but [EC PRIVATE KEY]");
    }

    @Test
    void aBlockThatIsBrokenIsToldByItsNumberAndWithoutItsText() throws IOException {
        Path file = directory.resolve("svc.crt");
        PemFiles.writeCertificates(file, pki.svid("web").chain());
        Files.writeString(file, Files.readString(file) + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        assertThatThrownBy(() -> PemFiles.certificates(file)).hasMessageStartingWith(file + ": certificate 2 is not readable (expected: X.509)");
        Path key = directory.resolve("svc.key");
        Files.writeString(key, "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n");
        assertThatThrownBy(() -> PemFiles.privateKey(key)).hasMessage(key + ": the key is not readable (expected: ECDSA, PKCS#8)");
    }

    @Test
    void aBundleHoldsAuthoritiesOfItsTrustDomainOnly() throws IOException {
        Path file = directory.resolve("ca.crt");
        PemFiles.writeCertificates(file, pki.svid("web").chain());
        assertThatThrownBy(() -> PemFiles.bundle(file, TrustDomain.DEFAULT)).hasMessageContaining("may not sign (expected: CA certificates)");
        PemFiles.writeCertificates(file, TestPki.create("other.local", new FakeClock()).bundle().authorities());
        assertThatThrownBy(() -> PemFiles.bundle(file, TrustDomain.DEFAULT)).hasMessageContaining("the authority of [spiffe://other.local]");
    }

    @Test
    void aPinIsReadAsItIsPrinted() {
        CaPin pin = CaPin.of(pki.bundle().authorities().get(0));
        assertThat(CaPin.parse(pin.toString())).isEqualTo(pin);
        assertThat(CaPin.parse("sha256:" + pin.sha256().toUpperCase(java.util.Locale.ROOT))).isEqualTo(pin);
        for (String text : new String[] {"", pin.sha256(), "sha256:", "sha256:12", "sha1:" + pin.sha256(), pin + "0"}) {
            assertThatThrownBy(() -> CaPin.parse(text)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("64 hexadecimal digits");
        }
    }
}
