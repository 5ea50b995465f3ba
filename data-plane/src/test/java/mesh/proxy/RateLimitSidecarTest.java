package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import mesh.model.ApplyResult;
import mesh.model.ListenerLimits;
import mesh.model.MeshSnapshot;
import mesh.model.RateLimit;
import mesh.model.Route;
import mesh.proxy.telemetry.MetricsCollector;
import mesh.time.Env;
import mesh.time.FakeClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rate limits of a sidecar in this process, with time that stands still. */
class RateLimitSidecarTest {

    private static final RateLimit.Key BY_USER = new RateLimit.Header("x-user");

    private final FakeClock clock = new FakeClock();
    private final Sidecar sidecar = new Sidecar(new Env(clock, clock, Env.system().random()), 2);
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @AfterEach
    void close() {
        sidecar.close();
    }

    @Test
    void refusesTheNoisyOneAndSaysWhenToComeAgain() throws Exception {
        apply(replying().rateLimit(new RateLimit(1, Duration.ofSeconds(4), 3, BY_USER, 64, false)));
        for (int i = 0; i < 3; i++) assertThat(get("noisy").statusCode()).isEqualTo(200);

        HttpResponse<String> refused = get("noisy");
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.body()).isEqualTo("Too Many Requests\n");
        assertThat(refused.headers().firstValue("retry-after")).contains("4");
        assertThat(refused.headers().firstValue("ratelimit-policy")).contains("\"route\";q=3;w=12");
        assertThat(refused.headers().firstValue("ratelimit")).contains("\"route\";r=0;t=4");
        assertThat(get("quiet").statusCode()).isEqualTo(200);

        clock.advance(Duration.ofMillis(3_999));
        assertThat(get("noisy").headers().firstValue("retry-after")).contains("1");
        clock.advance(Duration.ofMillis(1));
        assertThat(get("noisy").statusCode()).isEqualTo(200);
        assertThat(metric("mesh_rate_limited_total", "route", "table/all/all", "refused")).isEqualTo(2);
        assertThat(metric("mesh_requests_total", "web", "429")).isEqualTo(2);
    }

    @Test
    void aListenersLimitHoldsBeforeItsRoutesAndForWhatMatchesNone() throws Exception {
        apply(replying().match(new Route.Exact("/only")).limits(limits(RateLimit.of(2, Duration.ofSeconds(1), new RateLimit.Everyone()))));
        assertThat(get("a").statusCode()).isEqualTo(404);
        assertThat(get("b").statusCode()).isEqualTo(404);
        assertThat(get("c").statusCode()).isEqualTo(429);
        assertThat(metric("mesh_rate_limited_total", "listener", "web", "refused")).isEqualTo(1);
    }

    @Test
    void theAddressThatATrustedHopNamesIsTheClients() throws Exception {
        RateLimit limit = RateLimit.of(1, Duration.ofSeconds(1), new RateLimit.ClientAddress());
        apply(replying().limits(new ListenerLimits(Optional.of(limit), 1)));
        assertThat(get("x", "x-forwarded-for", "1.1.1.1").statusCode()).isEqualTo(200);
        assertThat(get("x", "x-forwarded-for", "2.2.2.2").statusCode()).isEqualTo(200);
        assertThat(get("x", "x-forwarded-for", "3.3.3.3, 1.1.1.1").statusCode()).isEqualTo(429);

        apply(replying().version(2).limits(limits(limit)));
        assertThat(get("x", "x-forwarded-for", "4.4.4.4").statusCode()).isEqualTo(200);
        assertThat(get("x", "x-forwarded-for", "5.5.5.5").statusCode()).as("nobody is believed now").isEqualTo(429);
    }

    @Test
    void aShadowedLimitOnlyCounts() throws Exception {
        apply(replying().rateLimit(new RateLimit(1, Duration.ofSeconds(1), 1, new RateLimit.Everyone(), 64, true)));
        for (int i = 0; i < 3; i++) assertThat(get("x").statusCode()).isEqualTo(200);
        assertThat(metric("mesh_rate_limited_total", "route", "table/all/all", "shadow")).isEqualTo(2);
    }

    @Test
    void aConfigurationThatChangesOthersGivesNobodyANewBurst() throws Exception {
        Snapshots limited = replying().rateLimit(RateLimit.of(1, Duration.ofSeconds(1), BY_USER));
        apply(limited);
        assertThat(get("noisy").statusCode()).isEqualTo(200);
        apply(limited.version(2).service("other"));
        assertThat(get("noisy").statusCode()).isEqualTo(429);

        apply(limited.version(3).rateLimit(RateLimit.of(2, Duration.ofSeconds(1), BY_USER)));
        assertThat(get("noisy").statusCode()).as("another limit").isEqualTo(200);
    }

    private static Snapshots replying() {
        return Snapshots.http().action(new Route.DirectReply(200, "ok"));
    }

    private static ListenerLimits limits(RateLimit rate) {
        return new ListenerLimits(Optional.of(rate), 0);
    }

    private void apply(Snapshots snapshots) {
        MeshSnapshot snapshot = snapshots.build();
        assertThat(sidecar.apply(snapshot)).isEqualTo(new ApplyResult.Applied(snapshot.version()));
    }

    private HttpResponse<String> get(String user, String... more) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://" + sidecar.bound().get("web") + "/")).header("x-user", user);
        if (more.length > 0) request.headers(more);
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private double metric(String name, String... labels) {
        return new MetricsCollector(sidecar.metrics()).collect().stream().flatMap(family -> family.samples.stream())
            .filter(sample -> sample.name.equals(name) && sample.labelValues.equals(List.of(labels)))
            .mapToDouble(sample -> sample.value).findFirst().orElse(-1);
    }
}
