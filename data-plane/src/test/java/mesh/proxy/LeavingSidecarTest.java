package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.Socket;
import java.util.Set;
import javax.net.ssl.SSLSocket;
import mesh.model.ApplyResult;
import mesh.model.DownstreamTls;
import mesh.pki.TestPki;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Clients that end their half of a connection and say nothing else: what was kept for them is given up at once. */
class LeavingSidecarTest {

    private final TestPki pki = TestPki.create(Env.system().clock());
    private final Sidecar sidecar = new Sidecar(Env.system(), 1);
    private final RawServer server = new RawServer();

    @AfterEach
    void close() throws Exception {
        sidecar.close();
        server.close();
    }

    @Test
    void aConnectionOfHttp2WithoutAStreamEnds() throws Exception {
        apply(Snapshots.http());
        try (RawClient client = client()) {
            client.send(RawHttp2.hello()).read(RawHttp2.SETTINGS_BYTES);
            client.finish().readAll();
        }
        assertThatNobodyIsLeft();
    }

    @Test
    void aRequestOfHttp2IsGivenUpAndSoIsTheOneToItsUpstream() throws Exception {
        apply(Snapshots.http());
        try (RawClient client = client()) {
            client.send(RawHttp2.hello()).send(RawHttp2.get(1, "/"));
            try (RawClient upstream = server.accept()) {
                client.finish().readAll();
                assertThat(upstream.readAll()).as("and then the end").isNotEmpty();
            }
        }
        assertThatNobodyIsLeft();
    }

    /** As does whoever asks whether somebody listens. */
    @Test
    void aConnectionOnWhichNothingWasSaidEnds() throws Exception {
        apply(Snapshots.http());
        try (RawClient client = client(); RawClient undecided = client()) {
            assertThat(client.finish().readAll()).isEmpty();
            assertThat(undecided.send("PRI * H").finish().readAll()).isEmpty();
        }
        assertThatNobodyIsLeft();
    }

    @Test
    void aConnectionOnWhichTlsWasExpectedEnds() throws Exception {
        sidecar.rotate(pki.svid("payments"), pki.bundle());
        for (DownstreamTls tls : new DownstreamTls[] {new DownstreamTls(Set.of()), new DownstreamTls(DownstreamTls.Mode.PERMISSIVE, Set.of())}) {
            apply(Snapshots.http().downstreamTls(tls));
            try (RawClient client = client()) {
                assertThat(client.finish().readAll()).isEmpty();
            }
            assertThatNobodyIsLeft();
        }
    }

    @Test
    void aConnectionOfHttp2UnderTlsEndsWithoutACloseNotify() throws Exception {
        sidecar.rotate(pki.svid("payments"), pki.bundle());
        apply(Snapshots.http().downstreamTls(new DownstreamTls(Set.of())));
        try (Socket plain = new Socket("127.0.0.1", sidecar.bound().get("web").port())) {
            SSLSocket tls = PeerSocket.over(plain, pki.svid("web"), pki.bundle(), "h2");
            tls.setSoTimeout(10_000);
            tls.getOutputStream().write(RawHttp2.hello());
            assertThat(tls.getInputStream().readNBytes(RawHttp2.SETTINGS_BYTES)).hasSize(RawHttp2.SETTINGS_BYTES);
            plain.shutdownOutput();
            assertThatNobodyIsLeft();
        }
    }

    private void assertThatNobodyIsLeft() {
        await().until(() -> sidecar.connections() == 0);
    }

    private RawClient client() {
        return new RawClient(sidecar.bound().get("web"));
    }

    private void apply(Snapshots snapshots) {
        assertThat(sidecar.apply(snapshots.to(server.address(), 1).build())).isInstanceOf(ApplyResult.Applied.class);
    }
}
