package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.model.ApplyResult;
import mesh.model.RetryOn;
import mesh.model.RetryPolicy;
import mesh.time.Env;
import mesh.time.FakeClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Retries through a sidecar, over real sockets. */
class RetryTest {

    /** Stands still, so that nothing here depends on how long it takes. */
    private final FakeClock clock = new FakeClock();
    private final Sidecar sidecar = new Sidecar(new Env(clock, clock, new Random(1)), 2);
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open) each.close();
        sidecar.close();
    }

    @Test
    void triesAnotherEndpointEachTime() throws Exception {
        TestUpstream one = failing(503);
        TestUpstream two = failing(503);
        TestUpstream good = upstream(exchange -> TestUpstream.text(exchange, 200, "good"));
        apply(Snapshots.http().retry(atOnce(3, RetryOn.GATEWAY_ERROR)).to(one.address(), 1).to(two.address(), 1).to(good.address(), 1));

        for (int i = 0; i < 30; i++) assertThat(get().body()).isEqualTo("good");
        assertThat(good.requests()).isEqualTo(30);
    }

    @Test
    void passesTheLastAnswerOnWhenAllTriesAreUsed() throws Exception {
        TestUpstream bad = failing(503);
        apply(Snapshots.http().retry(atOnce(3, RetryOn.GATEWAY_ERROR)).to(bad.address(), 1));

        HttpResponse<String> answer = get();
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body()).isEqualTo("bad");
        assertThat(bad.requests()).isEqualTo(3);
    }

    @Test
    void passesAnAnswerOnThatAsksToComeBackAfterTheDeadline() throws Exception {
        TestUpstream bad = upstream(exchange -> {
            exchange.getResponseHeaders().add("retry-after", "15");
            TestUpstream.text(exchange, 503, "later");
        });
        apply(Snapshots.http().retry(atOnce(3, RetryOn.GATEWAY_ERROR)).to(bad.address(), 1));

        assertThat(get().body()).isEqualTo("later");
        assertThat(bad.requests()).isEqualTo(1);
    }

    @Test
    void comesBackWhenAnAnswerSaysSo() throws Exception {
        AtomicInteger seen = new AtomicInteger();
        TestUpstream once = upstream(exchange -> {
            exchange.getResponseHeaders().add("retry-after", "Thu, 01 Jan 1970 00:00:00 GMT");
            TestUpstream.text(exchange, seen.incrementAndGet() == 1 ? 429 : 200, "answer");
        });
        RetryPolicy policy = new RetryPolicy(2, Duration.ZERO, Set.of(RetryOn.RETRIABLE_STATUS_CODES), Set.of(429), Duration.ZERO, Duration.ZERO);
        apply(Snapshots.http().retry(policy).to(once.address(), 1));

        assertThat(get().statusCode()).isEqualTo(200);
        assertThat(seen).hasValue(2);
    }

    @Test
    void triesNothingAgainWhoseBodyIsTooLargeToKeep() throws Exception {
        TestUpstream bad = failing(503);
        apply(Snapshots.http().retry(atOnce(3, RetryOn.GATEWAY_ERROR)).to(bad.address(), 1));

        HttpRequest large = HttpRequest.newBuilder(uri()).PUT(HttpRequest.BodyPublishers.ofByteArray(new byte[1 << 20])).build();
        assertThat(http.send(large, HttpResponse.BodyHandlers.ofString()).statusCode()).isEqualTo(503);
        assertThat(bad.requests()).isEqualTo(1);
    }

    @Test
    void makesNoMoreRetriesThanTheBudgetPays() throws Exception {
        TestUpstream bad = failing(503);
        apply(Snapshots.http().retry(atOnce(10, RetryOn.GATEWAY_ERROR)).to(bad.address(), 1));

        for (int i = 0; i < 100; i++) get();
        // A fifth of the requests, and what ten seconds hold in reserve.
        assertThat(bad.requests()).isEqualTo(100 + 20 + 100);
    }

    @Test
    void repeatsAGrpcCallWhoseStatusIsNamed() throws Exception {
        FlakyGrpcServer server = new FlakyGrpcServer(Status.UNAVAILABLE, 2, null, false);
        ManagedChannel channel = through(server, atOnce(3, RetryOn.UNAVAILABLE));

        assertThat(call(channel)).isEqualTo("payload".getBytes());
        assertThat(server.calls).hasValue(3);
    }

    @Test
    void repeatsNoGrpcCallWhoseStatusIsNotNamed() throws Exception {
        FlakyGrpcServer server = new FlakyGrpcServer(Status.UNAVAILABLE, 1, null, false);
        ManagedChannel channel = through(server, atOnce(3, RetryOn.FIVE_XX, RetryOn.RESET, RetryOn.CANCELLED));

        assertFails(channel, Status.Code.UNAVAILABLE);
        assertThat(server.calls).hasValue(1);
    }

    @Test
    void obeysAServerThatWantsNoFurtherTry() throws Exception {
        FlakyGrpcServer server = new FlakyGrpcServer(Status.UNAVAILABLE, 1, "-1", false);
        ManagedChannel channel = through(server, atOnce(3, RetryOn.UNAVAILABLE));

        assertFails(channel, Status.Code.UNAVAILABLE);
        assertThat(server.calls).hasValue(1);
    }

    @Test
    void doesNotComeBackAfterTheCallsDeadline() throws Exception {
        FlakyGrpcServer server = new FlakyGrpcServer(Status.UNAVAILABLE, 1, "21000", false);
        ManagedChannel channel = through(server, atOnce(3, RetryOn.UNAVAILABLE));

        assertFails(channel, Status.Code.UNAVAILABLE);
        assertThat(server.calls).hasValue(1);
    }

    @Test
    void isCommittedToAGrpcAnswerOnceItsHeadHasPassed() throws Exception {
        FlakyGrpcServer server = new FlakyGrpcServer(Status.UNAVAILABLE, 1, null, true);
        ManagedChannel channel = through(server, atOnce(3, RetryOn.UNAVAILABLE));

        assertFails(channel, Status.Code.UNAVAILABLE);
        assertThat(server.calls).hasValue(1);
    }

    private ManagedChannel through(FlakyGrpcServer server, RetryPolicy policy) {
        open.add(server);
        apply(Snapshots.http().retry(policy).to(server.address(), 1));
        ManagedChannel channel = GrpcServer.connect(sidecar.bound().get("web"));
        open.add(0, channel::shutdownNow);
        return channel;
    }

    private static byte[] call(ManagedChannel channel) {
        return GrpcServer.call(channel, GrpcServer.ECHO, "payload".getBytes());
    }

    private static void assertFails(ManagedChannel channel, Status.Code code) {
        assertThatThrownBy(() -> call(channel))
            .isInstanceOfSatisfying(StatusRuntimeException.class, e -> assertThat(e.getStatus().getCode()).isEqualTo(code));
    }

    private static RetryPolicy atOnce(int attempts, RetryOn... on) {
        return new RetryPolicy(attempts, Duration.ZERO, Set.of(on), Duration.ZERO, Duration.ZERO);
    }

    private TestUpstream failing(int status) {
        return upstream(exchange -> TestUpstream.text(exchange, status, "bad"));
    }

    private TestUpstream upstream(TestUpstream.Behaviour behaviour) {
        TestUpstream upstream = new TestUpstream(behaviour);
        open.add(upstream);
        return upstream;
    }

    private HttpResponse<String> get() throws Exception {
        return http.send(HttpRequest.newBuilder(uri()).build(), HttpResponse.BodyHandlers.ofString());
    }

    private URI uri() {
        return URI.create("http://" + sidecar.bound().get("web") + "/");
    }

    private void apply(Snapshots snapshots) {
        assertThat(sidecar.apply(snapshots.build())).isInstanceOf(ApplyResult.Applied.class);
    }
}
