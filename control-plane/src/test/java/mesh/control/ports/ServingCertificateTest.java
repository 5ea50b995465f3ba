package mesh.control.ports;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import mesh.model.SpiffeId;
import mesh.model.TrustDomain;
import mesh.pki.CertificateAuthority;
import mesh.pki.Svid;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;

class ServingCertificateTest {

    private static final SpiffeId ID = SpiffeId.parse("spiffe://mesh.local/control-plane");
    private static final Duration LIFE = Duration.ofHours(2);

    private final FakeClock clock = new FakeClock();
    private final CertificateAuthority ca = CertificateAuthority.create(new TrustDomain("mesh.local"), clock);
    private boolean failing;
    private final ServingCertificate certificate = new ServingCertificate(this::issue, clock);

    private Svid issue() {
        if (failing) {
            throw new IllegalStateException("no");
        }
        return ca.issue(ID, LIFE);
    }

    @Test
    void isRenewedWhenHalfOfItsLifeIsOver() {
        Svid first = certificate.key().current();
        clock.advance(LIFE.dividedBy(2).minusSeconds(1));
        certificate.renewIfDue();
        assertThat(certificate.key().current()).isSameAs(first);

        clock.advance(Duration.ofSeconds(1));
        certificate.renewIfDue();
        Svid second = certificate.key().current();
        assertThat(second.leaf().getNotAfter().toInstant()).isEqualTo(clock.instant().plus(LIFE));
        assertThat(second.key()).isNotEqualTo(first.key());
    }

    @Test
    void keepsTheOldOneWhileRenewingFails() {
        Svid first = certificate.key().current();
        failing = true;
        clock.advance(LIFE.dividedBy(2));
        certificate.renewIfDue();
        assertThat(certificate.key().current()).isSameAs(first);

        failing = false;
        certificate.renewIfDue();
        assertThat(certificate.key().current()).isNotSameAs(first);
    }

    @Test
    void isLookedAfterByATimer() {
        Svid first = certificate.key().current();
        certificate.keepYoung(clock.scheduler(), Duration.ofMinutes(1));
        clock.advance(LIFE.dividedBy(2));

        assertThat(certificate.key().current()).isNotSameAs(first);
    }

    /** TLS asks for an alias, then for the chain, then for the key: they must be of one certificate. */
    @Test
    void isWholeForAHandshakeThatWasUnderWayWhenItChanged() {
        ServingKey key = certificate.key();
        Svid first = key.current();
        String alias = key.chooseEngineServerAlias("EC", null, null);
        key.replace(issue());

        assertThat(key.getCertificateChain(alias)).containsExactly(first.leaf());
        assertThat(key.getPrivateKey(alias)).isEqualTo(first.key());
        assertThat(key.chooseEngineServerAlias("EC", null, null)).isNotEqualTo(alias);
        assertThat(key.chooseEngineServerAlias("RSA", null, null)).isNull();
    }
}
