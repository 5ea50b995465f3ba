package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import mesh.model.ApplyResult;
import mesh.model.DownstreamTls;
import mesh.model.Endpoint;
import mesh.pki.TestPki;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The wall clock of two sidecars, mTLS between them, jumps by an hour while the time that passes goes on as ever. */
class ClockJumpSidecarTest {

    private volatile Duration wrong = Duration.ZERO;
    private final Env jumping = new Env(Env.system().ticker(), () -> Instant.now().plus(wrong), Env.system().random());
    private final TestPki pki = TestPki.create(Env.system().clock());
    private final Sidecar web = new Sidecar(jumping, 1);
    private final Sidecar payments = new Sidecar(jumping, 1);

    @AfterEach
    void close() {
        web.close();
        payments.close();
    }

    @Test
    void noRequestIsLateAndNoConnectionEnds() throws Exception {
        web.rotate(pki.svid("web"), pki.bundle());
        payments.rotate(pki.svid("payments"), pki.bundle());
        String request = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
        try (RawServer server = new RawServer()) {
            apply(payments, Snapshots.http().downstreamTls(new DownstreamTls(Set.of(pki.id("web")))).to(server.address(), 1));
            apply(web, Snapshots.http().to(new Endpoint(payments.bound().get("web"), 1, Optional.of(pki.id("payments")))));
            try (RawClient client = new RawClient(web.bound().get("web"))) {
                client.send(request);
                try (RawClient application = server.accept()) {
                    for (int hours : new int[] {1, -1, 0}) {
                        application.readTo("\r\n\r\n");
                        wrong = Duration.ofHours(hours);
                        application.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone");
                        assertThat(client.readTo("done")).as("%d h", hours).startsWith("HTTP/1.1 200");
                        client.send(request);
                    }
                }
            }
        }
    }

    private static void apply(Sidecar sidecar, Snapshots snapshots) {
        assertThat(sidecar.apply(snapshots.build())).isInstanceOf(ApplyResult.Applied.class);
    }
}
