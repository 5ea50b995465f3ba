package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What connects before there is a configuration. */
class HoldSidecarTest {

    private static final Duration LONG = Duration.ofMinutes(1);

    private final Sidecar sidecar = new Sidecar(Env.system(), 2);
    private final TestUpstream upstream = new TestUpstream("answered");
    private Address address;

    @BeforeEach
    void chooseAddress() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            address = new Address("127.0.0.1", free.getLocalPort());
        }
    }

    @AfterEach
    void close() {
        sidecar.close();
        upstream.close();
    }

    @Test
    void aCallWaitsForTheConfigurationAndIsAnswered() throws Exception {
        sidecar.hold(List.of(address), LONG);
        try (RawClient client = new RawClient(address)) {
            client.send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
            assertThat(sidecar.connections()).isZero();
            apply();
            assertThat(client.readAll()).startsWith("HTTP/1.1 200").endsWith("answered");
        }
    }

    @Test
    void whenTheTimeIsOverCallsAreRefusedUntilThereIsOne() throws Exception {
        sidecar.hold(List.of(address), Duration.ofMillis(1));
        await().atMost(LONG).untilAsserted(() ->
            assertThatThrownBy(() -> new Socket(address.host(), address.port()).close()).isInstanceOf(IOException.class));
        apply();
        try (RawClient client = new RawClient(address)) {
            client.send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
            assertThat(client.readAll()).startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void aConfigurationThatIsRefusedLeavesThemWaiting() throws Exception {
        sidecar.hold(List.of(address), LONG);
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress()); RawClient client = new RawClient(address)) {
            client.send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
            Address taken = new Address("127.0.0.1", other.getLocalPort());
            MeshSnapshot good = Snapshots.http().listen(address).to(upstream.address(), 1).build();
            Listener web = good.listeners().get("web");
            assertThat(sidecar.apply(new MeshSnapshot(1, MeshSnapshot.byName(List.of(web,
                new Listener("other", taken, web.scope(), web.traffic(), web.tls())), Listener::name), good.routeTables(), good.clusters(),
                good.endpoints(), good.trust()))).isInstanceOf(ApplyResult.Rejected.class);
            apply();
            assertThat(client.readAll()).startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void anAddressThatIsTakenIsLeftToTheConfiguration() throws Exception {
        try (ServerSocket other = new ServerSocket(address.port(), 1, InetAddress.getLoopbackAddress())) {
            sidecar.hold(List.of(address), LONG);
            assertThat(other.isBound()).isTrue();
        }
        apply();
        assertThat(sidecar.bound()).containsValue(address);
    }

    private void apply() {
        assertThat(sidecar.apply(Snapshots.http().listen(address).to(upstream.address(), 1).build())).isInstanceOf(ApplyResult.Applied.class);
    }
}
