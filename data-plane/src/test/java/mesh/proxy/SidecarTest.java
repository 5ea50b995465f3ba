package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.BalancerKind;
import mesh.model.CircuitBreakerPolicy;
import mesh.model.ConnectionPolicy;
import mesh.model.MeshSnapshot;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.Timeouts;
import mesh.model.UpstreamProtocol;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One sidecar in this process, real sockets on both sides. */
class SidecarTest {

    private static final Duration LONG = Duration.ofSeconds(10);

    private final Sidecar sidecar = new Sidecar(Env.system(), 2);
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final List<TestUpstream> upstreams = new ArrayList<>();

    @AfterEach
    void close() {
        sidecar.close();
        upstreams.forEach(TestUpstream::close);
    }

    @Test
    void carriesARequestAndItsAnswer() throws Exception {
        TestUpstream payments = upstream(exchange -> TestUpstream.text(exchange, 201,
            exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + new String(exchange.getRequestBody().readAllBytes())));
        apply(Snapshots.http().to(payments.address(), 1));

        HttpResponse<String> answer = http.send(
            HttpRequest.newBuilder(uri("/pay?a=1")).POST(HttpRequest.BodyPublishers.ofString("ten")).build(),
            HttpResponse.BodyHandlers.ofString());

        assertThat(answer.statusCode()).isEqualTo(201);
        assertThat(answer.body()).isEqualTo("POST /pay?a=1 ten");
    }

    @Test
    void splitsByWeight() throws Exception {
        TestUpstream two = upstream("two");
        TestUpstream one = upstream("one");
        for (BalancerKind kind : List.of(BalancerKind.ROUND_ROBIN, BalancerKind.LEAST_CONN)) {
            apply(Snapshots.http().balancer(kind).to(two.address(), 2).to(one.address(), 1));

            Map<String, Integer> seen = new TreeMap<>();
            for (int i = 0; i < 90; i++) seen.merge(get("/").body(), 1, Integer::sum);
            assertThat(seen).as("%s", kind).isEqualTo(Map.of("two", 60, "one", 30));
        }
    }

    @Test
    void answersWhatNoRouteMatches() throws Exception {
        TestUpstream payments = upstream("payments");
        apply(Snapshots.http().match(new Route.Exact("/only")).to(payments.address(), 1));

        assertThat(get("/only").statusCode()).isEqualTo(200);
        assertThat(get("/other").statusCode()).isEqualTo(404);
    }

    @Test
    void answersARouteThatItAnswersItself() throws Exception {
        apply(Snapshots.http().action(new Route.DirectReply(418, "a teapot")));

        HttpResponse<String> answer = get("/");
        assertThat(answer.statusCode()).isEqualTo(418);
        assertThat(answer.body()).isEqualTo("a teapot");
    }

    @Test
    void answers503WithoutAnEndpointAndWhereNobodyListens() throws Exception {
        apply(Snapshots.http());
        assertThat(get("/").statusCode()).isEqualTo(503);

        apply(Snapshots.http().to(freeAddress(), 1));
        assertThat(get("/").statusCode()).isEqualTo(503);
    }

    @Test
    void triesAnotherEndpointWhenOneCannotBeReached() throws Exception {
        TestUpstream alive = upstream("alive");
        apply(Snapshots.http().retry(RetryPolicy.of(2, Duration.ZERO)).to(freeAddress(), 1).to(alive.address(), 1));

        for (int i = 0; i < 10; i++) assertThat(get("/").body()).isEqualTo("alive");
    }

    @Test
    void triesAgainAfterA503OnlyWhatIsIdempotent() throws Exception {
        TestUpstream bad = upstream(exchange -> TestUpstream.text(exchange, 503, "bad"));
        TestUpstream good = upstream("good");
        apply(Snapshots.http().retry(RetryPolicy.of(2, Duration.ZERO)).to(bad.address(), 1).to(good.address(), 1));

        for (int i = 0; i < 4; i++) assertThat(get("/").body()).isEqualTo("good");
        List<String> posts = new ArrayList<>();
        for (int i = 0; i < 4; i++) posts.add(send(HttpRequest.newBuilder(uri("/")).POST(HttpRequest.BodyPublishers.ofString("x"))).body());
        assertThat(posts).containsExactlyInAnyOrder("good", "good", "bad", "bad");
    }

    @Test
    void sendsASmallBodyAgainWithTheRetry() throws Exception {
        TestUpstream bad = upstream(exchange -> TestUpstream.text(exchange, 502, ""));
        TestUpstream good = upstream(exchange -> TestUpstream.text(exchange, 200, new String(exchange.getRequestBody().readAllBytes())));
        apply(Snapshots.http().retry(RetryPolicy.of(2, Duration.ZERO)).to(bad.address(), 1).to(good.address(), 1));

        for (int i = 0; i < 4; i++) {
            assertThat(send(HttpRequest.newBuilder(uri("/")).PUT(HttpRequest.BodyPublishers.ofString("the body"))).body()).isEqualTo("the body");
        }
    }

    @Test
    void answers504WhenTheRequestTakesTooLong() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        TestUpstream slow = upstream(exchange -> {
            hold(release);
            TestUpstream.text(exchange, 200, "late");
        });
        apply(Snapshots.http().timeouts(new Timeouts(Duration.ofMillis(100), Duration.ZERO)).to(slow.address(), 1));

        assertThat(get("/").statusCode()).isEqualTo(504);
        release.countDown();
    }

    @Test
    void givesASlowTryUpForAnother() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        TestUpstream slow = upstream(exchange -> {
            hold(release);
            TestUpstream.text(exchange, 200, "late");
        });
        TestUpstream fast = upstream("fast");
        apply(Snapshots.http().retry(RetryPolicy.of(2, Duration.ofMillis(100))).to(slow.address(), 1).to(fast.address(), 1));

        for (int i = 0; i < 3; i++) assertThat(get("/").body()).isEqualTo("fast");
        release.countDown();
    }

    @Test
    void leavesAnUpstreamAloneAfterHalfOfItsWindowFailed() throws Exception {
        TestUpstream bad = upstream(exchange -> TestUpstream.text(exchange, 500, ""));
        TestUpstream good = upstream("good");
        apply(Snapshots.http().breaker(new CircuitBreakerPolicy(20, 0.5, Duration.ofHours(1))).to(bad.address(), 1).to(good.address(), 1));

        for (int i = 0; i < 40; i++) get("/");
        assertThat(bad.requests()).isEqualTo(20);
        for (int i = 0; i < 20; i++) assertThat(get("/").body()).isEqualTo("good");
        assertThat(bad.requests()).isEqualTo(20);
    }

    @Test
    void keepsAnOpenBreakerThroughAConfigurationThatChangesOthers() throws Exception {
        TestUpstream bad = upstream(exchange -> TestUpstream.text(exchange, 500, ""));
        TestUpstream added = upstream("added");
        Snapshots snapshots = Snapshots.http().breaker(new CircuitBreakerPolicy(4, 0.5, Duration.ofHours(1))).to(bad.address(), 1);
        apply(snapshots);
        for (int i = 0; i < 4; i++) get("/");
        assertThat(get("/").statusCode()).isEqualTo(503);

        apply(snapshots.to(added.address(), 1));
        for (int i = 0; i < 4; i++) assertThat(get("/").body()).isEqualTo("added");
        assertThat(bad.requests()).isEqualTo(4);
    }

    @Test
    void refusesMoreRequestsThanTheClusterMayCarry() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch inside = new CountDownLatch(1);
        TestUpstream slow = upstream(exchange -> {
            inside.countDown();
            hold(release);
            TestUpstream.text(exchange, 200, "done");
        });
        apply(Snapshots.http().connections(new ConnectionPolicy(LONG, Optional.empty(), UpstreamProtocol.DOWNSTREAM, 1024, 1024, 1)).to(slow.address(), 1));

        var first = http.sendAsync(HttpRequest.newBuilder(uri("/")).build(), HttpResponse.BodyHandlers.ofString());
        inside.await(10, TimeUnit.SECONDS);
        HttpResponse<String> second = get("/");
        assertThat(second.statusCode()).isEqualTo(503);
        assertThat(second.headers().firstValue("x-envoy-overloaded")).contains("true");
        release.countDown();
        assertThat(first.get(10, TimeUnit.SECONDS).body()).isEqualTo("done");
        assertThat(get("/").statusCode()).isEqualTo(200);
    }

    @Test
    void waitsForAConnectionAboveTheLimit() throws Exception {
        TestUpstream payments = upstream("payments");
        apply(Snapshots.http().connections(new ConnectionPolicy(LONG, Optional.empty(), UpstreamProtocol.DOWNSTREAM, 1, 1024, 1024)).to(payments.address(), 1));

        var answers = new ArrayList<CompletableFuture<HttpResponse<String>>>();
        for (int i = 0; i < 50; i++) {
            answers.add(http.sendAsync(HttpRequest.newBuilder(uri("/")).build(), HttpResponse.BodyHandlers.ofString()));
        }
        for (var answer : answers) assertThat(answer.get(10, TimeUnit.SECONDS).body()).isEqualTo("payments");
        // One for each loop at least, whatever the limit: else a loop without one would never serve its clients.
        assertThat(sidecar.tables().clusters().get("payments").load().connections()).isLessThanOrEqualTo(2);
    }

    @Test
    void appliesAConfigurationWhileRequestsFlow() throws Exception {
        TestUpstream old = upstream("old");
        TestUpstream fresh = upstream("new");
        apply(Snapshots.http().to(old.address(), 1));
        assertThat(get("/").body()).isEqualTo("old");
        Address address = address();

        apply(Snapshots.http().version(2).to(fresh.address(), 1));
        assertThat(address()).isEqualTo(address);
        for (int i = 0; i < 10; i++) assertThat(get("/").body()).isEqualTo("new");
        assertThat(old.requests()).isEqualTo(1);
    }

    @Test
    void refusesAConfigurationWithoutChangingAnything() throws Exception {
        TestUpstream payments = upstream("payments");
        apply(Snapshots.http().to(payments.address(), 1));
        MeshSnapshot before = sidecar.current();

        assertThat(sidecar.apply(Snapshots.http().action(new Route.ToCluster("nowhere")).build()))
            .isInstanceOfSatisfying(ApplyResult.Rejected.class, rejected ->
                assertThat(rejected.problems()).singleElement().satisfies(problem -> assertThat(problem.message()).contains("\"nowhere\"")));
        try (ServerSocket taken = new ServerSocket(0)) {
            Address address = new Address("127.0.0.1", taken.getLocalPort());
            assertThat(sidecar.apply(Snapshots.http().listen(address).build()))
                .isInstanceOfSatisfying(ApplyResult.Rejected.class, rejected ->
                    assertThat(rejected.problems()).singleElement().satisfies(problem ->
                        assertThat(problem.message()).contains(address.toString()).containsIgnoringCase("address already in use")));
        }
        assertThat(sidecar.current()).isSameAs(before);
        assertThat(get("/").body()).isEqualTo("payments");
    }

    @Test
    void listensNoMoreOnAnAddressThatIsNotConfigured() throws Exception {
        TestUpstream payments = upstream("payments");
        apply(Snapshots.http().to(payments.address(), 1));
        Address address = address();

        assertThat(sidecar.apply(new MeshSnapshot(2, Map.of(), Map.of(), Map.of(), Map.of(), Optional.empty())))
            .isEqualTo(new ApplyResult.Applied(2));
        assertThatThrownBy(() -> new Socket(address.host(), address.port())).isInstanceOf(IOException.class);
    }

    @Test
    void repeatsARequestWhoseKeptConnectionHasJustDied() throws Exception {
        try (ServerSocket server = new ServerSocket(0)) {
            apply(Snapshots.http().to(new Address("127.0.0.1", server.getLocalPort()), 1));
            try (RawClient client = new RawClient(address())) {
                client.send("GET /1 HTTP/1.1\r\nhost: a\r\n\r\n");
                try (Socket first = server.accept()) {
                    first.getInputStream().read(new byte[1000]);
                    first.getOutputStream().write("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na".getBytes());
                    client.readTo("\r\n\r\na");
                    client.send("GET /2 HTTP/1.1\r\nhost: a\r\n\r\n");
                    // The second request is on the kept connection, which closes without a word.
                    first.getInputStream().read(new byte[1000]);
                }
                try (Socket second = server.accept()) {
                    second.getInputStream().read(new byte[1000]);
                    second.getOutputStream().write("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nb".getBytes());
                    assertThat(client.readTo("\r\n\r\nb")).startsWith("HTTP/1.1 200");
                }
            }
        }
    }

    @Test
    void endsRequestsInFlightAndThenConnectionsWhenItDrains() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        TestUpstream slow = upstream(exchange -> {
            inside.countDown();
            hold(release);
            TestUpstream.text(exchange, 200, "done");
        });
        apply(Snapshots.http().to(slow.address(), 1));
        Address address = address();
        try (RawClient client = new RawClient(address)) {
            client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
            inside.await(10, TimeUnit.SECONDS);

            var drained = sidecar.drain(Duration.ZERO, LONG);
            await().atMost(LONG).untilAsserted(() ->
                assertThatThrownBy(() -> new Socket(address.host(), address.port())).isInstanceOf(IOException.class));
            assertThat(drained).isNotDone();
            release.countDown();
            assertThat(client.readAll()).startsWith("HTTP/1.1 200").containsIgnoringCase("connection: close").endsWith("done");
            assertThat(drained).succeedsWithin(LONG);
        }
    }

    private static void hold(CountDownLatch latch) {
        try {
            latch.await(20, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void apply(Snapshots snapshots) {
        assertThat(sidecar.apply(snapshots.build())).isInstanceOf(ApplyResult.Applied.class);
    }

    private Address address() {
        return sidecar.bound().get("web");
    }

    private URI uri(String path) {
        return URI.create("http://" + address() + path);
    }

    private HttpResponse<String> get(String path) throws Exception {
        return send(HttpRequest.newBuilder(uri(path)));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return http.send(request.timeout(LONG).build(), HttpResponse.BodyHandlers.ofString());
    }

    private TestUpstream upstream(String name) {
        return keep(new TestUpstream(name));
    }

    private TestUpstream upstream(TestUpstream.Behaviour behaviour) {
        return keep(new TestUpstream(behaviour));
    }

    private TestUpstream keep(TestUpstream upstream) {
        upstreams.add(upstream);
        return upstream;
    }

    /** An address at which nobody listens. */
    private static Address freeAddress() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return new Address("127.0.0.1", socket.getLocalPort());
        }
    }
}
