package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import mesh.model.ApplyResult;
import mesh.model.HedgePolicy;
import mesh.proxy.telemetry.MetricsCollector;
import mesh.time.Env;
import mesh.time.FakeClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A second try beside a first that does not answer, over real sockets and with a clock that is moved. */
class HedgeTest {

    private static final Duration DELAY = Duration.ofMillis(50);
    /** The wheel's tick later than the delay, so that it has surely passed. */
    private static final Duration PAST = DELAY.plusMillis(10);
    private static final HedgePolicy ALWAYS = new HedgePolicy(new HedgePolicy.Delay(DELAY), 1);

    private final FakeClock clock = new FakeClock();
    private final Sidecar sidecar = new Sidecar(new Env(clock, clock, new Random(1)), 1);
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    /** Gets the first of two tries, as it weighs so much more. */
    private final RawServer first = new RawServer();
    private final RawServer second = new RawServer();

    @BeforeEach
    void apply() {
        apply(ALWAYS);
    }

    @AfterEach
    void close() throws IOException {
        sidecar.close();
        first.close();
        second.close();
    }

    @Test
    void takesTheSecondsAnswerAndCancelsTheFirst() throws Exception {
        CompletableFuture<HttpResponse<String>> answer = get();
        RawClient slow = accept(first);
        clock.advance(PAST);
        ok(accept(second), "second");

        assertThat(body(answer)).isEqualTo("second");
        assertThat(slow.readAll()).as("until it was closed").isEmpty();
        assertThat(hedges("won")).isEqualTo(1);
    }

    @Test
    void takesTheFirstsAnswerAndCancelsTheSecond() throws Exception {
        CompletableFuture<HttpResponse<String>> answer = get();
        RawClient slow = accept(first);
        clock.advance(PAST);
        RawClient late = accept(second);
        ok(slow, "first");

        assertThat(body(answer)).isEqualTo("first");
        assertThat(late.readAll()).isEmpty();
        assertThat(hedges("lost")).isEqualTo(1);
    }

    @Test
    void sendsTheBodyToBoth() throws Exception {
        CompletableFuture<HttpResponse<String>> answer = send(HttpRequest.newBuilder(uri()).PUT(HttpRequest.BodyPublishers.ofString("payload")));
        assertThat(accept(first).readTo("payload")).isEqualTo("payload");
        clock.advance(PAST);
        RawClient other = accept(second);
        assertThat(other.readTo("payload")).isEqualTo("payload");
        ok(other, "second");

        assertThat(body(answer)).isEqualTo("second");
    }

    @Test
    void waitsForTheOtherWhenTheAnswerThatComesFirstIsBad() throws Exception {
        CompletableFuture<HttpResponse<String>> answer = get();
        RawClient slow = accept(first);
        clock.advance(PAST);
        RawClient other = accept(second);
        other.send("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 3\r\n\r\nbad");
        await().until(() -> hedges("failed") == 1);
        ok(slow, "first");

        assertThat(body(answer)).isEqualTo("first");
    }

    @Test
    void goesOnWithTheSecondWhenTheFirstBreaks() throws Exception {
        CompletableFuture<HttpResponse<String>> answer = get();
        RawClient slow = accept(first);
        clock.advance(PAST);
        RawClient other = accept(second);
        slow.reset();
        await().until(() -> hedges("won") == 1);
        ok(other, "second");

        assertThat(body(answer)).isEqualTo("second");
    }

    @Test
    void passesABadAnswerOnWhenThereIsNoOtherLeft() throws Exception {
        CompletableFuture<HttpResponse<String>> answer = get();
        RawClient slow = accept(first);
        clock.advance(PAST);
        RawClient other = accept(second);
        slow.reset();
        await().until(() -> hedges("won") == 1);
        other.send("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 3\r\n\r\nbad");

        assertThat(answer.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(503);
    }

    @Test
    void cancelsBothWhenTheTimeOfTheRequestIsOver() throws Exception {
        CompletableFuture<HttpResponse<String>> answer = get();
        RawClient slow = accept(first);
        clock.advance(PAST);
        RawClient other = accept(second);
        clock.advance(Duration.ofSeconds(15));

        assertThat(answer.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(504);
        assertThat(slow.readAll()).isEmpty();
        assertThat(other.readAll()).isEmpty();
        assertThat(hedges("abandoned")).isEqualTo(1);
    }

    @Test
    void sendsNothingTwiceThatIsNotIdempotent() throws Exception {
        CompletableFuture<HttpResponse<String>> post = send(HttpRequest.newBuilder(uri()).POST(HttpRequest.BodyPublishers.ofString("x")));
        RawClient posted = accept(first);
        // One that is sent twice after it, on the same loop: what was due before has been seen to.
        CompletableFuture<HttpResponse<String>> get = get();
        accept(first);
        clock.advance(PAST);
        ok(accept(second), "second");
        assertThat(body(get)).isEqualTo("second");
        ok(posted, "first");

        assertThat(body(post)).isEqualTo("first");
        assertThat(hedges("won")).isEqualTo(1);
        assertThat(hedges("lost")).isZero();
    }

    @Test
    void sendsNothingTwiceThatNothingHasBeenPaidFor() throws Exception {
        apply(new HedgePolicy(new HedgePolicy.Delay(DELAY), 0.05));
        CompletableFuture<HttpResponse<String>> answer = get();
        RawClient slow = accept(first);
        clock.advance(PAST);
        await().until(() -> hedges("no_budget") == 1);
        ok(slow, "first");

        assertThat(body(answer)).isEqualTo("first");
    }

    @Test
    void sendsNothingTwiceToTheSameEndpoint() throws Exception {
        Snapshots alone = Snapshots.http().hedge(ALWAYS).to(first.address(), 1);
        assertThat(sidecar.apply(alone.build())).isInstanceOf(ApplyResult.Applied.class);
        CompletableFuture<HttpResponse<String>> answer = get();
        RawClient slow = accept(first);
        clock.advance(PAST);
        await().until(() -> hedges("no_endpoint") == 1);
        ok(slow, "first");

        assertThat(body(answer)).isEqualTo("first");
    }

    private void apply(HedgePolicy policy) {
        Snapshots both = Snapshots.http().hedge(policy).to(first.address(), 1000).to(second.address(), 1);
        assertThat(sidecar.apply(both.build())).isInstanceOf(ApplyResult.Applied.class);
    }

    private CompletableFuture<HttpResponse<String>> get() {
        return send(HttpRequest.newBuilder(uri()));
    }

    private CompletableFuture<HttpResponse<String>> send(HttpRequest.Builder request) {
        return http.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static RawClient accept(RawServer server) throws IOException {
        RawClient connection = server.accept();
        connection.readHead();
        return connection;
    }

    private static void ok(RawClient connection, String body) throws IOException {
        connection.send("HTTP/1.1 200 OK\r\ncontent-length: " + body.length() + "\r\n\r\n" + body);
    }

    private static String body(CompletableFuture<HttpResponse<String>> answer) throws Exception {
        return answer.get(10, TimeUnit.SECONDS).body();
    }

    private double hedges(String outcome) {
        return new MetricsCollector(sidecar.metrics()).collect().stream()
            .flatMap(family -> family.samples.stream())
            .filter(sample -> sample.name.equals("mesh_hedges_total") && sample.labelValues.equals(List.of(outcome)))
            .mapToDouble(sample -> sample.value).sum();
    }

    private URI uri() {
        return URI.create("http://" + sidecar.bound().get("web") + "/");
    }
}
