package mesh.control.ca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import mesh.control.journal.CrashingFiles;
import mesh.model.SpiffeId;
import mesh.model.TrustDomain;
import mesh.pki.CertificateAuthority;
import mesh.pki.Passphrase;
import mesh.pki.PemFiles;
import mesh.pki.Svid;
import mesh.pki.SvidVerifier;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuthoritiesTest {

    private static final TrustDomain DOMAIN = new TrustDomain("mesh.local");
    private static final SpiffeId WEB = SpiffeId.parse("spiffe://mesh.local/web");
    private static final Optional<Passphrase> PASSPHRASE = Optional.of(Passphrase.of("correct horse", "test"));
    private static final Optional<Passphrase> NONE = Optional.empty();

    @TempDir
    private Path directory;
    private final FakeClock clock = new FakeClock();
    private final CrashingFiles files = new CrashingFiles(new Random(1));

    @Test
    void aRootVouchesAndAnIntermediateSigns() throws IOException {
        Authorities made = open(NONE);

        Svid svid = made.issuer().issue(WEB, Duration.ofHours(1));
        assertThat(svid.chain()).hasSize(2);
        assertThat(SvidVerifier.verify(svid.chain(), made.bundle(), clock.instant())).isEqualTo(WEB);
        assertThat(made.issuer().signsAuthorities()).isFalse();
    }

    @Test
    void isTheSameAfterARestart() throws IOException {
        Authorities made = open(NONE);
        Authorities again = open(NONE);

        assertThat(again.bundle()).isEqualTo(made.bundle());
        assertThat(again.issuer().chain()).isEqualTo(made.issuer().chain());
        assertThat(SvidVerifier.verify(again.issuer().issue(WEB, Duration.ofHours(1)).chain(), made.bundle(), clock.instant())).isEqualTo(WEB);
    }

    @Test
    void noKeyIsThereInPlainWhereThereIsAPassphrase() throws IOException {
        open(PASSPHRASE);

        assertThat(content()).contains("BEGIN ENCRYPTED PRIVATE KEY").doesNotContain("BEGIN PRIVATE KEY");
        assertThatThrownBy(() -> open(NONE)).isInstanceOf(IOException.class)
            .hasMessageStartingWith("/data/authority.journal: authority 1: the key is encrypted (expected: its passphrase");
        assertThatThrownBy(() -> open(Optional.of(Passphrase.of("another one", "test")))).isInstanceOf(IOException.class)
            .hasMessageContaining("the passphrase is not the one");
        assertThat(open(PASSPHRASE).issuer()).isNotNull();
    }

    @Test
    void aPassphraseThatComesLaterEncryptsWhatIsThere() throws IOException {
        Authorities plain = open(NONE);
        assertThat(content()).contains("BEGIN PRIVATE KEY");
        Authorities encrypted = open(PASSPHRASE);

        assertThat(encrypted.bundle()).isEqualTo(plain.bundle());
        assertThat(content()).contains("BEGIN ENCRYPTED PRIVATE KEY").doesNotContain("BEGIN PRIVATE KEY");
    }

    @Test
    void goesOnWithTheAuthorityOfAnOlderVersion() throws IOException {
        CertificateAuthority old = older();

        Authorities adopted = open(NONE);
        assertThat(adopted.bundle()).isEqualTo(old.bundle());
        assertThat(adopted.issuer().pin()).isEqualTo(old.pin());
        Svid svid = adopted.issuer().issue(WEB, Duration.ofHours(1));
        assertThat(svid.chain()).hasSize(1);
        assertThat(SvidVerifier.verify(svid.chain(), old.bundle(), clock.instant())).isEqualTo(WEB);
        assertThat(open(NONE).issuer().pin()).isEqualTo(old.pin());
        assertThat(files.exists("ca.key")).as("the older version could go on with it").isTrue();
    }

    @Test
    void anOlderVersionsKeyIsNotLeftInPlainBesideAnEncryptedOne() throws IOException {
        CertificateAuthority old = older();

        assertThat(open(PASSPHRASE).issuer().pin()).isEqualTo(old.pin());
        assertThat(files.exists("ca.key")).isFalse();
        assertThat(content()).doesNotContain("BEGIN PRIVATE KEY");
        assertThat(open(PASSPHRASE).issuer().pin()).isEqualTo(old.pin());
    }

    @Test
    void anOlderVersionsStartThatWasCutShortBeginsAnew() throws IOException {
        files.replaceContent("ca.key", CertificateAuthority.create(DOMAIN, clock).keyPem(NONE).getBytes(StandardCharsets.US_ASCII));

        assertThat(open(NONE).issuer().chain()).hasSize(2);
    }

    @Test
    void refusesAnOlderVersionsCertificateWithoutItsKey() {
        files.replaceContent("ca.crt", PemFiles.encode(CertificateAuthority.create(DOMAIN, clock).chain()).getBytes(StandardCharsets.US_ASCII));

        assertThatThrownBy(() -> open(NONE)).isInstanceOf(IOException.class).hasMessageContaining("/data/ca.key: no such file");
    }

    @Test
    void takesAnIntermediateThatWasMadeElsewhere() throws IOException {
        CertificateAuthority theirs = CertificateAuthority.createRoot(DOMAIN, clock).intermediate();

        Authorities authorities = open(NONE, brought(theirs));
        assertThat(authorities.issuer().chain()).isEqualTo(theirs.chain());
        assertThat(open(NONE).issuer().chain()).as("without the files").isEqualTo(theirs.chain());
    }

    @Test
    void aRootThatWasMadeElsewhereGetsAnIntermediateIfItAllowsOne() throws IOException {
        CertificateAuthority theirs = CertificateAuthority.createRoot(DOMAIN, clock);

        Authorities authorities = open(PASSPHRASE, brought(theirs));
        assertThat(authorities.bundle()).isEqualTo(theirs.bundle());
        assertThat(authorities.issuer().chain()).hasSize(2);

        CrashingFiles others = new CrashingFiles(new Random(2));
        CertificateAuthority flat = CertificateAuthority.create(DOMAIN, clock);
        assertThat(Authorities.open(others, DOMAIN, NONE, brought(flat), clock).issuer().chain()).isEqualTo(flat.chain());
    }

    @Test
    void refusesABroughtAuthorityThatIsNoGood() throws IOException {
        CertificateAuthority theirs = CertificateAuthority.createRoot(DOMAIN, clock);
        Optional<BroughtAuthority> brought = brought(theirs);
        PemFiles.writeCertificates(brought.get().chain(), theirs.intermediate().chain());
        assertThatThrownBy(() -> open(NONE, brought)).isInstanceOf(IOException.class)
            .hasMessageStartingWith(brought.get().chain() + ": the key of another certificate");
        Optional<BroughtAuthority> good = brought(theirs);
        clock.advance(Duration.ofDays(3650));
        assertThatThrownBy(() -> open(NONE, good)).isInstanceOf(IOException.class)
            .hasMessageStartingWith(good.get().chain() + ": expired at " + theirs.end());
    }

    @Test
    void aRotationChangesToTheAuthorityThatWasBrought() throws IOException {
        open(NONE);
        CertificateAuthority theirs = CertificateAuthority.createRoot(DOMAIN, clock);
        Authorities authorities = open(NONE, brought(theirs));
        assertThat(authorities.bundle().authorities()).as("until it is told to").doesNotContain(theirs.root());

        authorities.distribute();
        authorities.abort();
        assertThat(authorities.distribute().other().root()).as("also after it was aborted once").isEqualTo(theirs.root());
        authorities.issue(authorities.state());
        authorities.retire(authorities.state());
        assertThat(authorities.bundle()).isEqualTo(theirs.bundle());
        assertThat(authorities.distribute().other().root()).as("the next rotation is away from it").isNotEqualTo(theirs.root());
    }

    /** What the others have acknowledged was looked at for another root. */
    @Test
    void noStepIsTakenOfARotationThatIsAnotherByNow() throws IOException {
        Authorities authorities = open(NONE);
        Authorities.State seen = authorities.distribute();
        authorities.abort();
        authorities.distribute();
        assertThatThrownBy(() -> authorities.issue(seen)).isInstanceOf(IllegalStateException.class).hasMessageContaining("another replica");
        assertThat(authorities.state().phase()).isEqualTo(Authorities.Phase.DISTRIBUTING);
    }

    @Test
    void theIntermediateIsRenewedWhenHalfOfItsLifeIsOver() throws IOException {
        Authorities authorities = open(PASSPHRASE);
        var first = authorities.issuer();
        clock.advance(Duration.ofDays(182));
        authorities.renewIfDue();
        assertThat(authorities.issuer()).isSameAs(first);
        clock.advance(Duration.ofDays(1));
        authorities.renewIfDue();

        assertThat(authorities.issuer().root()).isEqualTo(first.root());
        assertThat(authorities.issuer().end()).isEqualTo(first.end().plus(Duration.ofDays(183)));
        assertThat(open(PASSPHRASE).issuer().chain()).isEqualTo(authorities.issuer().chain());
    }

    @Test
    void anIntermediateThatEndedWhileNobodyWasHereIsRenewedAtTheStart() throws IOException {
        var ended = open(NONE).issuer();
        clock.advance(Duration.ofDays(400));

        assertThat(open(NONE).issuer().end()).isAfter(ended.end());
    }

    @Test
    void doesNotStartWithARootThatHasExpired() throws IOException {
        older();
        open(NONE);
        clock.advance(Duration.ofDays(3651));

        assertThatThrownBy(() -> open(NONE)).isInstanceOf(IOException.class)
            .hasMessageStartingWith("/data/authority.journal: authority 1 expired at");
    }

    /** As the version before left it. */
    private CertificateAuthority older() throws IOException {
        CertificateAuthority old = CertificateAuthority.create(DOMAIN, clock);
        old.write(directory);
        files.replaceContent("ca.crt", Files.readAllBytes(directory.resolve("ca.crt")));
        files.replaceContent("ca.key", Files.readAllBytes(directory.resolve("ca.key")));
        return old;
    }

    private Optional<BroughtAuthority> brought(CertificateAuthority theirs) throws IOException {
        Path chain = directory.resolve("chain.pem");
        PemFiles.writeCertificates(chain, theirs.chain());
        return Optional.of(new BroughtAuthority(chain, Files.writeString(directory.resolve("key.pem"), theirs.keyPem(NONE))));
    }

    private Authorities open(Optional<Passphrase> passphrase) throws IOException {
        return open(passphrase, Optional.empty());
    }

    private Authorities open(Optional<Passphrase> passphrase, Optional<BroughtAuthority> brought) throws IOException {
        return Authorities.open(files, DOMAIN, passphrase, brought, clock);
    }

    private String content() {
        return new String(files.content("authority.journal"), StandardCharsets.UTF_8);
    }
}
