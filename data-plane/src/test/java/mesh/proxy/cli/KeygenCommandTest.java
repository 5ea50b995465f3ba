package mesh.proxy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import mesh.model.SpiffeId;
import mesh.pki.PemFiles;
import mesh.pki.Svid;
import mesh.pki.SvidFiles;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeygenCommandTest {

    private static final String PAYMENTS = "spiffe://mesh.local/payments";

    @TempDir
    private Path directory;
    private Path out;

    @BeforeEach
    void aDirectoryThatIsNotThereYet() {
        out = directory.resolve("certs");
    }

    @Test
    void makesWhatASidecarCanUse() throws IOException {
        assertThat(CommandRun.of("keygen", "--out", out, "--id", PAYMENTS).exitCode()).isZero();
        SvidFiles read = SvidFiles.read(out.resolve("ca.crt"), out.resolve("payments.crt"), out.resolve("payments.key"), Instant.now());
        assertThat(read.svid().id()).isEqualTo(SpiffeId.parse(PAYMENTS));
    }

    @Test
    void certificatesAreP256WithOneUriForADay() throws Exception {
        CommandRun.of("keygen", "--out", out, "--id", PAYMENTS);
        X509Certificate leaf = svid("payments").leaf();
        assertThat(((ECPublicKey) leaf.getPublicKey()).getParams().getOrder().bitLength()).isEqualTo(256);
        assertThat(leaf.getSigAlgName()).isEqualTo("SHA256withECDSA");
        assertThat(leaf.getSubjectAlternativeNames()).containsExactly(List.of(6, PAYMENTS));
        Duration backdated = Duration.ofMinutes(1);
        assertThat(Duration.between(leaf.getNotBefore().toInstant(), leaf.getNotAfter().toInstant())).isEqualTo(Duration.ofDays(1).plus(backdated));
    }

    @Test
    void filesAreForTheirOwnerOnly() throws IOException {
        CommandRun.of("keygen", "--out", out, "--id", PAYMENTS);
        try (var files = Files.list(out)) {
            assertThat(files).extracting(file -> file.getFileName() + " " + PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .containsExactlyInAnyOrder("ca.crt rw-------", "ca.key rw-------", "payments.crt rw-------", "payments.key rw-------");
        }
    }

    @Test
    void saysWhatItMadeButNoKey() throws IOException {
        CommandRun run = CommandRun.of("keygen", "--out", out, "--id", PAYMENTS);
        assertThat(run.out()).contains(out.resolve("ca.crt") + ": the authority of spiffe://mesh.local, sha256:")
            .contains(out.resolve("payments.crt") + ": " + PAYMENTS + ", until ").doesNotContain("PRIVATE");
    }

    @Test
    void replacesNothingUnlessForced() throws IOException {
        CommandRun.of("keygen", "--out", out, "--id", PAYMENTS);
        byte[] before = Files.readAllBytes(out.resolve("payments.key"));
        CommandRun again = CommandRun.of("keygen", "--out", out, "--id", PAYMENTS, "--id", "spiffe://mesh.local/web");
        assertThat(again.exitCode()).isEqualTo(1);
        assertThat(again.err()).contains(out.resolve("payments.key") + " is there already (expected: no such file, or --force to replace it)")
            .contains("--ca " + out + " signs with the CA that is there");
        assertThat(Files.readAllBytes(out.resolve("payments.key"))).isEqualTo(before);
        assertThat(out.resolve("web.crt")).doesNotExist();

        assertThat(CommandRun.of("keygen", "--out", out, "--id", PAYMENTS, "--force").exitCode()).isZero();
        assertThat(Files.readAllBytes(out.resolve("payments.key"))).isNotEqualTo(before);
    }

    @Test
    void anotherWorkloadJoinsAnAuthorityThatIsThere() throws IOException {
        CommandRun.of("keygen", "--out", out, "--id", PAYMENTS);
        byte[] authority = Files.readAllBytes(out.resolve("ca.crt"));
        assertThat(CommandRun.of("keygen", "--out", out, "--ca", out, "--id", "web").exitCode()).isZero();
        assertThat(Files.readAllBytes(out.resolve("ca.crt"))).isEqualTo(authority);
        SvidFiles.read(out.resolve("ca.crt"), out.resolve("web.crt"), out.resolve("web.key"), Instant.now());
    }

    @Test
    void elsewhereTheAuthoritysCertificateGoesAlongAndItsKeyDoesNot() throws IOException {
        CommandRun.of("keygen", "--out", out);
        Path other = directory.resolve("other");
        assertThat(CommandRun.of("keygen", "--out", other, "--ca", out, "--id", "web").exitCode()).isZero();
        assertThat(Files.readAllBytes(other.resolve("ca.crt"))).isEqualTo(Files.readAllBytes(out.resolve("ca.crt")));
        assertThat(other.resolve("ca.key")).doesNotExist();
    }

    @Test
    void shortIdsAreOfTheTrustDomainGiven() throws IOException {
        CommandRun.of("keygen", "--out", out, "--trust-domain", "prod.example", "--id", "shop/cart", "--ttl", "10m");
        assertThat(svid("shop-cart").id()).hasToString("spiffe://prod.example/shop/cart");
    }

    @Test
    void idsOfTwoTrustDomainsAreRefused() {
        CommandRun run = CommandRun.of("keygen", "--out", out, "--id", PAYMENTS, "--id", "spiffe://other.local/web");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).isEqualTo("mesh: --id: \"spiffe://other.local/web\" (expected: of trust domain mesh.local) (see mesh keygen --help)\n");
        assertThat(out).doesNotExist();
    }

    @Test
    void anIdThatIsNoneIsRefused() {
        CommandRun run = CommandRun.of("keygen", "--out", out, "--id", "http://mesh.local/web");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("\"http://mesh.local/web\" (expected: a SPIFFE id such as spiffe://mesh.local/payments)");
    }

    @Test
    void idsWithTheSameFileAreRefused() {
        assertThat(CommandRun.of("keygen", "--out", out, "--id", "a/b", "--id", "a-b").err()).contains("would have the same file");
        assertThat(CommandRun.of("keygen", "--out", out, "--id", "ca").err()).contains("would have the CA's file");
    }

    @Test
    void anAuthorityThatIsNotThereIsNamed() {
        CommandRun run = CommandRun.of("keygen", "--out", out, "--ca", directory, "--id", "web");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).isEqualTo("mesh: " + directory.resolve("ca.crt") + ": no such file (expected: PEM)\n");
        assertThat(out).doesNotExist();
    }

    @Test
    void aLifeOfNothingIsRefused() {
        assertThat(CommandRun.of("keygen", "--out", out, "--ttl", "0s").err()).contains("--ttl: \"0s\" (expected: more than 0)");
    }

    private Svid svid(String name) throws IOException {
        return PemFiles.svid(out.resolve(name + ".crt"), out.resolve(name + ".key"));
    }
}
