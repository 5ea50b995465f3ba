package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import mesh.model.ApplyResult;
import mesh.model.DownstreamTls;
import mesh.pki.TestPki;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who may say how often a request is tried. */
class PeerWishesSidecarTest {

    private static final String ASKING = "GET / HTTP/1.1\r\nhost: a\r\nx-envoy-retry-on: 5xx\r\nx-envoy-max-retries: 3\r\nconnection: close\r\n\r\n";

    private final TestPki pki = TestPki.create(Env.system().clock());
    private final Sidecar sidecar = new Sidecar(Env.system(), 1);
    private final TestUpstream failing = new TestUpstream(exchange -> TestUpstream.text(exchange, 500, exchange.getRequestHeaders().keySet().toString()));

    @AfterEach
    void close() {
        sidecar.close();
        failing.close();
    }

    @Test
    void triesAsOftenAsAPeerOfTheMeshAsks() throws Exception {
        sidecar.rotate(pki.svid("payments"), pki.bundle());
        apply(Snapshots.http().downstreamTls(new DownstreamTls(Set.of(pki.id("web")))));
        try (RawClient peer = new RawClient(PeerSocket.connect(pki.svid("web"), pki.bundle(), sidecar.bound().get("web"), "http/1.1"))) {
            assertThat(peer.send(ASKING).readAll()).startsWith("HTTP/1.1 500").doesNotContainIgnoringCase("x-envoy-retry-on");
        }
        assertThat(failing.requests()).isEqualTo(4);
    }

    @Test
    void triesNoOftenerWhenAStrangerAsksAndPassesNothingOn() throws Exception {
        apply(Snapshots.http());
        try (RawClient stranger = new RawClient(sidecar.bound().get("web"))) {
            assertThat(stranger.send(ASKING).readAll()).startsWith("HTTP/1.1 500")
                .doesNotContainIgnoringCase("x-envoy-retry-on").doesNotContainIgnoringCase("x-envoy-max-retries");
        }
        assertThat(failing.requests()).isEqualTo(1);
    }

    private void apply(Snapshots snapshots) {
        assertThat(sidecar.apply(snapshots.to(failing.address(), 1).build())).isInstanceOf(ApplyResult.Applied.class);
    }
}
