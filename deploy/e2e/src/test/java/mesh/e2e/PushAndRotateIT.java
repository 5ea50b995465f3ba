package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Server;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.model.Address;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Long gRPC streams live through pushes and through certificates, and lose no message. */
@Tag("soak")
class PushAndRotateIT {

    private static final int TIMES = Effort.of("rotations", 20);
    private static final int STREAMS = 8;
    private static final int MORE_STREAMS = 20;
    private static final Pattern SERIAL = Pattern.compile("\"svid\".*?\"serial\" : \"([0-9a-f]+)\"", Pattern.DOTALL);

    @TempDir
    private Path dir;
    private Server application;
    private Address address;

    @BeforeEach
    void start() throws Exception {
        application = NumberedStreams.service();
        address = new Address("127.0.0.1", application.getPort());
    }

    @AfterEach
    void stop() {
        application.shutdownNow();
    }

    @Test
    void pushesLoseNoMessage() throws Exception {
        try (TestMesh mesh = new TestMesh(dir)) {
            mesh.web().payments("payments-1", address).payments("payments-2", address).push(Map.of("payments-1", 1, "payments-2", 1));
            try (NumberedStreams streams = NumberedStreams.start(mesh.outbound(), STREAMS)) {
                for (int i = 0; i < TIMES; i++) {
                    // Also takes away, and gives back, the instance that half of the streams go to.
                    mesh.push(i % 2 == 0 ? Map.of("payments-1", 1 + i) : Map.of("payments-1", 1, "payments-2", i));
                    streams.awaitMore(20);
                    if (i < MORE_STREAMS) streams.open();
                }
                assertThat(streams.finish()).isEmpty();
            }
        }
    }

    /** By files: certificates of the control plane would have to live for seconds, and a connection ends with the first of them. */
    @Test
    void rotationsLoseNoMessage() throws Exception {
        Identities identities = new Identities(dir.resolve("identities"));
        Address inbound = Ports.free();
        Address outbound = Ports.free();
        Path payments = Files.writeString(dir.resolve("payments.yaml"), """
            listeners:
              - {name: in, listen: "%s", cluster: app, tls: {allow: ["spiffe://mesh.local/web"]}}
            clusters:
              - {name: app, endpoints: [{address: "%s"}]}
            %s
            """.formatted(inbound, address, identities.yaml("payments")));
        Path web = Files.writeString(dir.resolve("web.yaml"), """
            listeners:
              - {name: out, listen: "%s", cluster: payments}
            clusters:
              - {name: payments, connectTimeout: 10s, endpoints: [{address: "%s", spiffeId: "spiffe://mesh.local/payments"}]}
            %s
            """.formatted(outbound, inbound, identities.yaml("web")));
        try (SidecarProcess server = SidecarProcess.of(payments); SidecarProcess client = SidecarProcess.of(web);
            NumberedStreams streams = NumberedStreams.start(outbound, STREAMS)) {
            streams.awaitMore(1);
            for (int i = 0; i < TIMES; i++) {
                List<String> before = List.of(serial(server), serial(client));
                identities.issue("payments");
                identities.issue("web");
                await().atMost(Duration.ofSeconds(30)).until(() -> !before.contains(serial(server)) && !before.contains(serial(client)));
                streams.awaitMore(20);
                if (i < MORE_STREAMS) streams.open();
            }
            assertThat(streams.finish()).isEmpty();
        }
    }

    private static String serial(SidecarProcess sidecar) throws IOException, InterruptedException {
        Matcher serial = SERIAL.matcher(sidecar.admin("/certs"));
        assertThat(serial.find()).isTrue();
        return serial.group(1);
    }
}
