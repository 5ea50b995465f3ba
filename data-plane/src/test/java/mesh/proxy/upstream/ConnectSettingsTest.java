package mesh.proxy.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import mesh.model.ConnectionPolicy;
import mesh.model.SpiffeId;
import mesh.model.UpstreamProtocol;
import org.junit.jupiter.api.Test;

class ConnectSettingsTest {

    private static final ConnectSettings PLAIN = new ConnectSettings(Optional.empty(), ConnectionPolicy.DEFAULT);

    @Test
    void aKeptConnectionServesOnWhereOtherThingsChange() {
        ConnectionPolicy policy = policy(Duration.ofSeconds(9), Optional.empty(), 7, 0, Optional.empty());
        assertThat(PLAIN.fits(new ConnectSettings(Optional.empty(), policy))).isTrue();
    }

    @Test
    void aKeptConnectionDoesNotOutliveWhatIsNowSaidOfItsLife() {
        Duration connect = Duration.ofSeconds(1);
        Optional<Duration> second = Optional.of(Duration.ofSeconds(1));
        assertThat(PLAIN.fits(new ConnectSettings(Optional.empty(), policy(connect, second, 1024, 0, Optional.empty())))).isFalse();
        assertThat(PLAIN.fits(new ConnectSettings(Optional.empty(), policy(connect, Optional.empty(), 1024, 5, Optional.empty())))).isFalse();
        assertThat(PLAIN.fits(new ConnectSettings(Optional.empty(), policy(connect, Optional.empty(), 1024, 0, second)))).isFalse();
    }

    @Test
    void aKeptConnectionIsNotForAnotherIdentity() {
        Optional<Set<SpiffeId>> payments = Optional.of(Set.of(SpiffeId.parse("spiffe://mesh.local/payments")));
        assertThat(PLAIN.fits(new ConnectSettings(payments, ConnectionPolicy.DEFAULT))).isFalse();
    }

    private static ConnectionPolicy policy(Duration connect, Optional<Duration> idle, int connections, int requests, Optional<Duration> longest) {
        return new ConnectionPolicy(connect, idle, UpstreamProtocol.DOWNSTREAM, connections, 1024, 1024, requests, longest);
    }
}
