package mesh.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import mesh.model.SpiffeId;
import mesh.model.TrustDomain;
import mesh.time.FakeClock;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateAuthorityTest {

    private static final Duration HOUR = Duration.ofHours(1);

    @TempDir
    private Path directory;
    private final FakeClock clock = new FakeClock();
    private final CertificateAuthority authority = CertificateAuthority.create(TrustDomain.DEFAULT, clock);
    private final SpiffeId web = SpiffeId.parse("spiffe://mesh.local/web");

    @Test
    void whatItSignsTheVerifierAcceptsUntilItsEnd() {
        Svid svid = authority.issue(web, HOUR);
        assertThat(SvidVerifier.check(svid.chain(), authority.bundle(), clock.instant())).isInstanceOf(Verdict.Accepted.class);
        clock.advance(HOUR);
        assertThat(SvidVerifier.check(svid.chain(), authority.bundle(), clock.instant())).isInstanceOf(Verdict.Refused.class);
    }

    @Test
    void leavesAreP256WithExactlyOneUri() throws Exception {
        X509Certificate leaf = authority.issue(web, HOUR).leaf();
        assertThat(leaf.getSubjectAlternativeNames()).containsExactly(List.of(6, "spiffe://mesh.local/web"));
        assertThat(((ECPublicKey) leaf.getPublicKey()).getParams().getOrder().bitLength()).isEqualTo(256);
        assertThat(leaf.getNotBefore().toInstant()).isEqualTo(clock.instant().minus(Duration.ofMinutes(1)));
    }

    @Test
    void serialsAreLongAndDiffer() {
        Set<java.math.BigInteger> serials = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            serials.add(authority.issue(web, HOUR).leaf().getSerialNumber());
        }
        assertThat(serials).hasSize(100).allMatch(serial -> serial.signum() > 0 && serial.bitLength() >= 64);
    }

    @Test
    void noLeafOutlivesIt() {
        X509Certificate leaf = authority.issue(web, Duration.ofDays(36500)).leaf();
        assertThat(leaf.getNotAfter()).isEqualTo(authority.bundle().authorities().get(0).getNotAfter());
    }

    @Test
    void signsForItsOwnTrustDomainOnly() {
        assertThatThrownBy(() -> authority.issue(SpiffeId.parse("spiffe://other.local/web"), HOUR))
            .hasMessage("\"spiffe://other.local/web\" (expected: an identity of spiffe://mesh.local)");
    }

    @Test
    void takesOnlyTheKeyOfARequest() throws Exception {
        KeyPair pair = KeyPairs.create();
        ExtensionsGenerator wished = new ExtensionsGenerator();
        wished.addExtension(Extension.subjectAlternativeName, false,
            new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, "spiffe://mesh.local/admin")));
        byte[] csr = new JcaPKCS10CertificationRequestBuilder(new X500Name("CN=admin"), pair.getPublic())
            .addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, wished.generate())
            .build(new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate())).getEncoded();
        X509Certificate leaf = authority.sign(csr, web, HOUR).get(0);
        assertThat(leaf.getPublicKey()).isEqualTo(pair.getPublic());
        assertThat(leaf.getSubjectAlternativeNames()).containsExactly(List.of(6, "spiffe://mesh.local/web"));
        assertThat(leaf.getSubjectX500Principal().getName()).doesNotContain("admin");
    }

    @Test
    void refusesARequestThatProvesNothing() throws Exception {
        byte[] csr = SigningRequest.create(KeyPairs.create());
        byte[] tampered = csr.clone();
        tampered[tampered.length - 1] ^= 1;
        assertThatThrownBy(() -> authority.sign(tampered, web, HOUR)).isInstanceOf(IllegalArgumentException.class);
        KeyPair own = KeyPairs.create();
        byte[] ofAnother = new JcaPKCS10CertificationRequestBuilder(new X500Name("CN=x"), own.getPublic())
            .build(new JcaContentSignerBuilder("SHA256withECDSA").build(KeyPairs.create().getPrivate())).getEncoded();
        assertThatThrownBy(() -> authority.sign(ofAnother, web, HOUR)).hasMessageContaining("signature does not match its key");
        assertThatThrownBy(() -> authority.sign(new byte[] {1, 2, 3}, web, HOUR)).hasMessageContaining("not readable (expected: a PKCS#10");
        assertThatThrownBy(() -> authority.sign(java.util.Arrays.copyOf(csr, csr.length / 2), web, HOUR)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesAKeyThatIsWeak() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(1024);
        KeyPair weak = generator.generateKeyPair();
        byte[] csr = new JcaPKCS10CertificationRequestBuilder(new X500Name("CN=x"), weak.getPublic())
            .build(new JcaContentSignerBuilder("SHA256withRSA").build(weak.getPrivate())).getEncoded();
        assertThatThrownBy(() -> authority.sign(csr, web, HOUR)).hasMessageContaining("RSA key (expected: ECDSA P-256 or more, or RSA 2048 or more)");
    }

    @Test
    void aStrongerCurveIsSigned() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp384r1"));
        assertThat(authority.sign(SigningRequest.create(generator.generateKeyPair()), web, HOUR)).hasSize(1);
    }

    @Test
    void isTheSameWhenItIsReadAgain() throws IOException {
        authority.write(directory);
        CertificateAuthority read = CertificateAuthority.read(directory, TrustDomain.DEFAULT, clock);
        assertThat(read.pin()).isEqualTo(authority.pin()).isEqualTo(CaPin.of(authority.root()).toString());
        assertThat(SvidVerifier.check(read.issue(web, HOUR).chain(), authority.bundle(), clock.instant())).isInstanceOf(Verdict.Accepted.class);
    }

    @Test
    void refusesADirectoryOfAnotherTrustDomainAndAKeyOfAnotherCertificate() throws IOException {
        authority.write(directory);
        assertThatThrownBy(() -> CertificateAuthority.read(directory, new TrustDomain("other.local"), clock))
            .isInstanceOf(IOException.class).hasMessageContaining("ca.crt: the authority of [spiffe://mesh.local] (expected: of spiffe://other.local");
        PemFiles.writeKey(directory.resolve("ca.key"), KeyPairs.create().getPrivate());
        assertThatThrownBy(() -> CertificateAuthority.read(directory, TrustDomain.DEFAULT, clock))
            .isInstanceOf(IOException.class).hasMessageContaining("ca.key: the key of another certificate");
    }

    @Test
    void aRootSignsAnIntermediateAndThatOneSignsIdentities() {
        CertificateAuthority root = CertificateAuthority.createRoot(TrustDomain.DEFAULT, clock);
        CertificateAuthority intermediate = root.intermediate();
        Svid svid = intermediate.issue(web, HOUR);
        assertThat(svid.chain()).containsExactly(svid.leaf(), intermediate.certificate());
        assertThat(SvidVerifier.check(svid.chain(), root.bundle(), clock.instant())).isInstanceOf(Verdict.Accepted.class);
        assertThat(intermediate.bundle()).isEqualTo(root.bundle());
        assertThat(intermediate.certificate().getBasicConstraints()).isZero();
        assertThat(root.certificate().getBasicConstraints()).isEqualTo(1);
        assertThatThrownBy(intermediate::intermediate).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void noLeafOutlivesAnyAuthorityAboveIt() {
        CertificateAuthority root = CertificateAuthority.createRoot(TrustDomain.DEFAULT, clock);
        clock.advance(Duration.ofDays(3650 - 10));
        CertificateAuthority intermediate = root.intermediate();
        assertThat(intermediate.end()).isEqualTo(root.end());
        assertThat(intermediate.issue(web, Duration.ofDays(30)).leaf().getNotAfter().toInstant()).isEqualTo(root.end());
    }

    @Test
    void takesAChainThatWasMadeElsewhere() {
        CertificateAuthority root = CertificateAuthority.createRoot(TrustDomain.DEFAULT, clock);
        CertificateAuthority made = root.intermediate();
        PrivateKey key = keyOf(made);
        CertificateAuthority brought = CertificateAuthority.of(made.chain(), key, TrustDomain.DEFAULT, clock);
        assertThat(SvidVerifier.check(brought.issue(web, HOUR).chain(), root.bundle(), clock.instant())).isInstanceOf(Verdict.Accepted.class);

        assertThatThrownBy(() -> CertificateAuthority.of(List.of(made.certificate()), key, TrustDomain.DEFAULT, clock))
            .hasMessageStartingWith("certificate 1 of 1, CN=mesh.local mesh intermediate").hasMessageContaining("signed by another (expected: the root");
        assertThatThrownBy(() -> CertificateAuthority.of(List.of(root.certificate(), made.certificate()), keyOf(root), TrustDomain.DEFAULT, clock))
            .hasMessageContaining("certificate 1 of 2").hasMessageContaining("not signed by the next one");
        assertThatThrownBy(() -> CertificateAuthority.of(made.chain(), keyOf(root), TrustDomain.DEFAULT, clock))
            .hasMessageContaining("the key of another certificate");
        assertThatThrownBy(() -> CertificateAuthority.of(made.chain(), key, new TrustDomain("other.local"), clock))
            .hasMessageContaining("the authority of [spiffe://mesh.local] (expected: of spiffe://other.local)");
        Svid leaf = made.issue(web, HOUR);
        assertThatThrownBy(() -> CertificateAuthority.of(
            List.of(leaf.leaf(), made.certificate(), root.certificate()), leaf.key(), TrustDomain.DEFAULT, clock))
            .hasMessageContaining("may not sign (expected: a CA certificate)");
    }

    private static PrivateKey keyOf(CertificateAuthority authority) {
        try {
            return KeyPem.decode(authority.keyPem(Optional.empty()), "test", Optional.empty());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
