package mesh.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;

class SvidTest {

    private final TestPki pki = TestPki.create(new FakeClock());
    private final Svid web = pki.svid("web");

    @Test
    void isACertificateWithItsOwnKey() {
        assertThatThrownBy(() -> new Svid(web.id(), web.chain(), pki.svid("web").key()))
            .hasMessage("identity spiffe://mesh.local/web: the key of another certificate (expected: the leaf's, ECDSA)");
        assertThatThrownBy(() -> new Svid(web.id(), List.of(), web.key())).hasMessageContaining("no certificate");
    }

    @Test
    void neverPrintsItsKey() {
        assertThat(web).hasToString("Svid[spiffe://mesh.local/web, until 2026-01-02T00:00:00Z]");
    }

    @Test
    void aRootGoesToTheEnd() {
        assertThat(web.withRoot(pki.bundle().authorities().get(0)).chain()).containsExactly(web.leaf(), pki.bundle().authorities().get(0));
    }
}
