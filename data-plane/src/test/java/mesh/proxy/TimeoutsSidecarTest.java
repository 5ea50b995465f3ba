package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCalls;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import mesh.model.ApplyResult;
import mesh.model.RetryOn;
import mesh.model.RetryPolicy;
import mesh.model.Timeouts;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How long requests may take through a real sidecar, and what they are answered when they take longer. */
class TimeoutsSidecarTest {

    private static final Duration NONE = Duration.ZERO;
    private static final Duration SHORT = Duration.ofMillis(150);

    private final Sidecar sidecar = new Sidecar(Env.system(), 1);

    @AfterEach
    void close() {
        sidecar.close();
    }

    @Test
    void aRequestWithoutAnAnswerEndsAtTheMaximumStreamDuration() throws Exception {
        try (RawServer server = new RawServer()) {
            apply(server, new Timeouts(NONE, NONE, SHORT, NONE));
            try (RawClient client = client()) {
                client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
                try (RawClient upstream = server.accept()) {
                    upstream.readTo("\r\n\r\n");
                    assertThat(client.readHead()).startsWith("HTTP/1.1 504");
                    upstream.readAll();
                }
            }
        }
    }

    @Test
    void anAnswerThatGoesOnForLongerIsCutAndNotEnded() throws Exception {
        try (RawServer server = new RawServer()) {
            apply(server, new Timeouts(NONE, NONE, SHORT, NONE));
            try (RawClient client = client()) {
                client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
                try (RawClient upstream = server.accept()) {
                    upstream.readTo("\r\n\r\n");
                    upstream.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n");
                    client.readTo("ok\r\n");
                    assertThat(client.readAll()).doesNotContain("0\r\n\r\n");
                }
            }
        }
    }

    @Test
    void aRequestThatIsNotCompleteByThenIsItsClientsFault() throws Exception {
        try (RawServer server = new RawServer()) {
            apply(server, new Timeouts(NONE, NONE, SHORT, NONE));
            try (RawClient client = client()) {
                client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nabc");
                assertThat(client.readHead()).startsWith("HTTP/1.1 408");
            }
        }
    }

    @Test
    void silenceInTheMiddleOfARequestIsItsClientsFaultAndAfterItNot() throws Exception {
        try (RawServer server = new RawServer()) {
            apply(server, new Timeouts(NONE, SHORT));
            try (RawClient client = client()) {
                client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nabc");
                assertThat(client.readHead()).startsWith("HTTP/1.1 408");
            }
            try (RawClient client = client()) {
                client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc");
                assertThat(client.readHead()).startsWith("HTTP/1.1 504");
            }
        }
    }

    @Test
    void anUpstreamThatSaysNothingIsLeftForTheNextAndOneThatFallsSilentIsCut() throws Exception {
        RetryPolicy restless = new RetryPolicy(2, NONE, SHORT, Set.of(RetryOn.RESET), Set.of(), NONE, NONE);
        try (RawServer server = new RawServer()) {
            assertThat(sidecar.apply(Snapshots.http().retry(restless).to(server.address(), 1).build())).isInstanceOf(ApplyResult.Applied.class);
            try (RawClient client = client()) {
                client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
                try (RawClient silent = server.accept()) {
                    silent.readTo("\r\n\r\n");
                    try (RawClient second = server.accept()) {
                        second.readTo("\r\n\r\n");
                        second.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n");
                        client.readTo("ok\r\n");
                        assertThat(client.readAll()).as("cut, and not ended").doesNotContain("0\r\n\r\n");
                    }
                }
            }
        }
    }

    @Test
    void aRequestThatIsNotCompleteIsNoSilenceOfItsUpstream() throws Exception {
        RetryPolicy restless = new RetryPolicy(2, NONE, SHORT, Set.of(RetryOn.RESET), Set.of(), NONE, NONE);
        try (RawServer server = new RawServer()) {
            assertThat(sidecar.apply(Snapshots.http().retry(restless).timeouts(new Timeouts(NONE, NONE, SHORT.multipliedBy(4), NONE))
                .to(server.address(), 1).build())).isInstanceOf(ApplyResult.Applied.class);
            try (RawClient client = client()) {
                client.send("PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nabc");
                assertThat(client.readHead()).as("by the maximum duration").startsWith("HTTP/1.1 408");
            }
        }
    }

    @Test
    void aCallWithoutADeadlineEndsAtTheMaximumStreamDuration() throws Exception {
        try (GrpcServer server = new GrpcServer()) {
            assertThat(sidecar.apply(Snapshots.http().timeouts(new Timeouts(NONE, NONE, SHORT, NONE)).to(server.address(), 1).build()))
                .isInstanceOf(ApplyResult.Applied.class);
            ManagedChannel channel = GrpcServer.connect(sidecar.bound().get("web"));
            try {
                assertThatThrownBy(() -> ClientCalls.blockingUnaryCall(channel, GrpcServer.HANG, CallOptions.DEFAULT, new byte[1]))
                    .hasMessageContaining("DEADLINE_EXCEEDED");
                assertThat(server.hangCancelled.await(10, TimeUnit.SECONDS)).isTrue();
            } finally {
                channel.shutdownNow();
            }
        }
    }

    @Test
    void aCallMayNotAskForMoreTimeThanItsRouteGives() throws Exception {
        try (GrpcServer server = new GrpcServer()) {
            assertThat(sidecar.apply(Snapshots.http().timeouts(new Timeouts(NONE, NONE, NONE, SHORT)).to(server.address(), 1).build()))
                .isInstanceOf(ApplyResult.Applied.class);
            ManagedChannel channel = GrpcServer.connect(sidecar.bound().get("web"));
            try {
                CallOptions patient = CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.MINUTES);
                assertThatThrownBy(() -> ClientCalls.blockingUnaryCall(channel, GrpcServer.HANG, patient, new byte[1]))
                    .hasMessageContaining("DEADLINE_EXCEEDED");
                assertThat(server.hangCancelled.await(10, TimeUnit.SECONDS)).isTrue();
            } finally {
                channel.shutdownNow();
            }
        }
    }

    private void apply(RawServer server, Timeouts timeouts) {
        assertThat(sidecar.apply(Snapshots.http().timeouts(timeouts).to(server.address(), 1).build())).isInstanceOf(ApplyResult.Applied.class);
    }

    private RawClient client() {
        return new RawClient(sidecar.bound().get("web"));
    }
}
