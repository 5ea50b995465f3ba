package mesh.proxy.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.Channel;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import mesh.pki.TestPki;
import mesh.time.FakeClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Handshakes on real sockets, with certificates whose time is moved by hand. */
class MeshTlsTest {

    private final FakeClock clock = new FakeClock();
    private final TestPki pki = TestPki.create(clock);
    private final List<String> handshakes = new CopyOnWriteArrayList<>();
    private final MeshTls web = new MeshTls(clock, (side, result, reason) -> handshakes.add(side + " " + result + " " + reason));
    private final MeshTls payments = new MeshTls(clock, (side, result, reason) -> handshakes.add(side + " " + result + " " + reason));

    @BeforeEach
    void identities() {
        web.rotate(pki.svid("web"), pki.bundle());
        payments.rotate(pki.svid("payments"), pki.bundle());
    }

    @AfterEach
    void release() {
        web.close();
        payments.close();
    }

    @Test
    void bothSidesLearnWhoTheOtherIs() throws Exception {
        try (TlsPair pair = new TlsPair(payments, Set.of())) {
            TlsPair.Client client = pair.connect(web, Set.of(pki.id("payments")));
            assertThat(client.handshake()).isNull();
            assertThat(client.echo("hello")).isEqualTo("hello");
            Channel server = pair.nextAccepted();
            assertThat(MeshTls.peerOf(client.channel).id()).isEqualTo(pki.id("payments"));
            assertThat(MeshTls.peerOf(client.channel).local()).isEqualTo(pki.id("web"));
            assertThat(MeshTls.peerOf(server).id()).isEqualTo(pki.id("web"));
            assertThat(MeshTls.peerOf(server).local()).isEqualTo(pki.id("payments"));
            assertThat(client.tls.engine().getSession().getProtocol()).isEqualTo("TLSv1.3");
            assertThat(client.tls.applicationProtocol()).isEqualTo("http/1.1");
            assertThat(handshakes).containsExactlyInAnyOrder("client ok ", "server ok ");
        }
    }

    @Test
    void aConnectionIsGoodUntilTheEarlierEndOfBothCertificates() throws Exception {
        web.rotate(pki.svid("web", Duration.ofMinutes(10)), pki.bundle());
        try (TlsPair pair = new TlsPair(payments, Set.of())) {
            TlsPair.Client client = pair.connect(web, Set.of());
            assertThat(client.handshake()).isNull();
            client.echo("x");
            long expected = clock.instant().plus(Duration.ofMinutes(10)).getEpochSecond();
            assertThat(MeshTls.peerOf(client.channel).retireAtEpochSecond()).isEqualTo(expected);
            assertThat(MeshTls.peerOf(pair.nextAccepted()).retireAtEpochSecond()).isEqualTo(expected);
        }
    }
}
