package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import mesh.model.ApplyResult;
import mesh.model.BalancerKind;
import mesh.model.BalancingPolicy;
import mesh.model.Endpoint;
import mesh.model.EndpointHealth;
import mesh.model.HealthCheckPolicy;
import mesh.model.HealthPolicy;
import mesh.model.Locality;
import mesh.model.RetryPolicy;
import mesh.model.SlowStart;
import mesh.proxy.telemetry.MetricsCollector;
import mesh.proxy.upstream.Place;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Levels, panic and slow start of a real sidecar with real upstreams. */
class BalancingSidecarTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Locality HERE = Locality.parse("eu/eu-1/a");

    private final Sidecar sidecar = new Sidecar(Env.system(), 2);
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final List<TestUpstream> upstreams = new ArrayList<>();
    private final TestUpstream near = upstream();
    private final TestUpstream second = upstream();
    private final TestUpstream far = upstream();

    private TestUpstream upstream() {
        TestUpstream upstream = new TestUpstream("ok");
        upstreams.add(upstream);
        return upstream;
    }

    @AfterEach
    void close() {
        sidecar.close();
        upstreams.forEach(TestUpstream::close);
    }

    @ParameterizedTest
    @EnumSource(names = {"ROUND_ROBIN", "PEAK_EWMA"})
    void whatIsNearComesFirstAndWhatIsFarTakesWhatItCannot(BalancerKind balancer) throws Exception {
        sidecar.locate(Optional.of(HERE));
        apply(placed(balancer, EndpointHealth.HEALTHY, EndpointHealth.HEALTHY));
        get(24);
        assertThat(far.requests()).isZero();
        assertThat(near.requests()).isPositive();
        assertThat(second.requests()).isPositive();
        assertThat(levels()).isEqualTo("priority 0 2/2 100%, priority 0, elsewhere 1/1 0%");

        apply(placed(balancer, EndpointHealth.HEALTHY, EndpointHealth.UNHEALTHY).version(2));
        int before = second.requests();
        get(60);
        assertThat(levels()).isEqualTo("priority 0 1/2 70%, priority 0, elsewhere 1/1 30%");
        assertThat(second.requests()).isEqualTo(before);
        assertThat(far.requests()).as("some 18").isBetween(1, 59);

        apply(placed(balancer, EndpointHealth.UNHEALTHY, EndpointHealth.UNHEALTHY).version(3));
        before = far.requests();
        get(20);
        assertThat(far.requests()).isEqualTo(before + 20);
    }

    @Test
    void everythingIsNearToASidecarThatDoesNotKnowWhereItIsOrThatIsNotToPrefer() throws Exception {
        apply(placed(BalancerKind.ROUND_ROBIN, EndpointHealth.HEALTHY, EndpointHealth.HEALTHY));
        get(30);
        assertThat(far.requests()).isEqualTo(10);

        sidecar.locate(Optional.of(HERE));
        apply(placed(BalancerKind.ROUND_ROBIN, EndpointHealth.HEALTHY, EndpointHealth.HEALTHY).balancing(BalancingPolicy.DEFAULT.anywhere()).version(2));
        get(30);
        assertThat(far.requests()).isEqualTo(20);
    }

    @Test
    void alsoOverTcpAPriorityWaitsUntilTheOneBeforeItFails() throws Exception {
        apply(Snapshots.tcp().to(endpoint(near)).to(endpoint(far).at(Optional.empty(), 1)));
        get(5);
        assertThat(far.requests()).isZero();
        apply(Snapshots.tcp().version(2).to(endpoint(near).withHealth(EndpointHealth.DRAINING)).to(endpoint(far).at(Optional.empty(), 1)));
        // A connection that is kept stays where it is.
        HttpClient other = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        assertThat(other.send(request(), HttpResponse.BodyHandlers.discarding()).statusCode()).isEqualTo(200);
        assertThat(far.requests()).isEqualTo(1);
    }

    @Test
    void aRetryGoesToAnotherLevelBeforeItRepeatsAnEndpoint() throws Exception {
        near.behave(exchange -> TestUpstream.text(exchange, 503, "no"));
        apply(Snapshots.http().retry(RetryPolicy.of(2, Duration.ZERO)).to(endpoint(near)).to(endpoint(far).at(Optional.empty(), 1)));
        get(5);
        assertThat(near.requests()).isEqualTo(5);
        assertThat(far.requests()).isEqualTo(5);
    }

    @Test
    void unhealthyOnesServeWhenTooFewAreHealthyAndDrainingOnesDoNot() throws Exception {
        apply(Snapshots.http().to(endpoint(near).withHealth(EndpointHealth.UNHEALTHY)).to(endpoint(second).withHealth(EndpointHealth.UNHEALTHY))
            .to(endpoint(far).withHealth(EndpointHealth.DRAINING)));
        get(20);
        assertThat(near.requests()).isEqualTo(10);
        assertThat(second.requests()).isEqualTo(10);
        assertThat(panics()).isEqualTo(20);

        apply(Snapshots.http().version(2).balancing(BalancingPolicy.DEFAULT.withPanicThreshold(0)).to(endpoint(near).withHealth(EndpointHealth.UNHEALTHY)));
        assertThat(http.send(request(), HttpResponse.BodyHandlers.discarding()).statusCode()).isEqualTo(503);
        assertThat(panics()).isEqualTo(20);
    }

    @Test
    void aNewSidecarServesBeforeItsFirstHealthCheckHasPassedAndPanicEndsWithIt() throws Exception {
        CountDownLatch mayAnswer = new CountDownLatch(1);
        near.behave(exchange -> {
            if (exchange.getRequestURI().getPath().equals("/healthz")) awaitLatch(mayAnswer);
            TestUpstream.text(exchange, 200, "ok");
        });
        HealthCheckPolicy check = new HealthCheckPolicy(HealthCheckPolicy.Http.get("/healthz"), Duration.ofMillis(50), 0, Duration.ZERO,
            PATIENCE, 3, 2, Duration.ofMillis(50), true);
        apply(Snapshots.http().health(new HealthPolicy(Optional.empty(), Optional.of(check))).to(endpoint(near)));
        assertThat(levels()).isEqualTo("priority 0 0/1 100% panic");
        get(3);
        assertThat(panics()).isEqualTo(3);
        mayAnswer.countDown();
        await().atMost(PATIENCE).until(() -> levels().equals("priority 0 1/1 100%"));
        get(5);
        assertThat(panics()).isEqualTo(3);
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aNewEndpointBeginsWithATenthOfItsWeight() throws Exception {
        apply(Snapshots.http().to(endpoint(near)));
        get(5);
        apply(Snapshots.http().version(2).balancing(BalancingPolicy.DEFAULT.withSlowStart(SlowStart.over(Duration.ofHours(24))))
            .to(endpoint(near)).to(endpoint(second)));
        get(110);
        assertThat(second.requests()).isEqualTo(10);
    }

    private Snapshots placed(BalancerKind balancer, EndpointHealth first, EndpointHealth other) {
        return Snapshots.http().balancer(balancer)
            .to(endpoint(near).withHealth(first).at(Optional.of(HERE), 0))
            .to(endpoint(second).withHealth(other).at(Optional.of(HERE), 0))
            .to(endpoint(far).at(Optional.of(Locality.parse("us/us-1")), 0));
    }

    private static Endpoint endpoint(TestUpstream upstream) {
        return new Endpoint(upstream.address(), 1, Optional.empty());
    }

    /** Each level with its healthy ones and its share. */
    private String levels() {
        return sidecar.tables().clusters().get("payments").balancer().views().stream()
            .map(each -> Place.text(each.level()) + " " + each.healthy() + "/" + each.hosts() + " " + each.percent() + "%" + (each.inPanic() ? " panic" : ""))
            .collect(Collectors.joining(", "));
    }

    private double panics() {
        return new MetricsCollector(sidecar.metrics()).collect().stream().flatMap(family -> family.samples.stream())
            .filter(sample -> sample.name.equals("mesh_cluster_panic_total") && sample.labelValues.equals(List.of("payments")))
            .mapToDouble(sample -> sample.value).sum();
    }

    private void apply(Snapshots snapshots) {
        assertThat(sidecar.apply(snapshots.build())).isInstanceOf(ApplyResult.Applied.class);
    }

    private HttpRequest request() {
        return HttpRequest.newBuilder(URI.create("http://" + sidecar.bound().get("web") + "/")).build();
    }

    private void get(int times) throws Exception {
        for (int i = 0; i < times; i++) {
            assertThat(http.send(request(), HttpResponse.BodyHandlers.discarding()).statusCode()).isEqualTo(200);
        }
    }
}
