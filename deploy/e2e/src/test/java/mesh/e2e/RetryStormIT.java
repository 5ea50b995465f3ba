package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import mesh.v1.Cluster;
import mesh.v1.Retry;
import mesh.v1.Route;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When every instance fails, retries do not make it worse than their budget allows. */
class RetryStormIT {

    private static final int REQUESTS = 5000;
    /** The budget's: of the requests, and a second; the latter may all be made at once for its memory of ten seconds. */
    private static final double SHARE = 0.2;
    private static final int A_SECOND = 10, MEMORY_SECONDS = 10;

    @TempDir
    private Path dir;

    @Test
    void retriesStayWithinTheirBudget() throws Exception {
        try (HttpService one = failing(); HttpService two = failing(); HttpService three = failing();
            PolicyMesh mesh = new PolicyMesh(dir)) {
            // As many tries as there may be, and no breaker that would end the storm.
            mesh.push(Route.newBuilder().setRetry(Retry.newBuilder().setAttempts(10)).build(), Cluster.getDefaultInstance(),
                one.address(), two.address(), three.address());
            long begun = System.nanoTime();
            try (Load load = Load.start(mesh.outbound(), "/", 4, 0)) {
                load.awaitMoreEnded(REQUESTS);
                load.stop();
                double seconds = (System.nanoTime() - begun) / 1e9;
                int requests = load.ended();
                int tries = List.of(one, two, three).stream().mapToInt(HttpService::requests).sum();

                // What was spent of the reserve comes back when it is forgotten, in slices of a tenth of the memory: after nine seconds at the soonest.
                double allowed = SHARE * requests + A_SECOND * MEMORY_SECONDS * (1 + Math.floor(seconds / (0.9 * MEMORY_SECONDS)));
                System.out.printf("all fail, 10 attempts: %d requests in %.1f s, %d tries, %.1f %% more; the budget allows %.1f %%%n%s",
                    requests, seconds, tries, 100.0 * (tries - requests) / requests, 100 * allowed / requests, retries(mesh));
                assertThat(load.answered()).as("requests that did not fail").isZero();
                assertThat(load.failures()).allMatch(failure -> failure.startsWith("HTTP/1.1 503"));
                assertThat((double) tries - requests).as("retries for %d requests", requests).isBetween(SHARE * requests, allowed);
                assertThat(mesh.web().metric("mesh_retries_total{outcome=\"retried\",}")).isEqualTo(tries - requests);
            }
        }
    }

    private static HttpService failing() throws Exception {
        return new HttpService(0, exchange -> HttpService.text(exchange, 503, "down"));
    }

    private static String retries(PolicyMesh mesh) throws Exception {
        return mesh.web().metrics().lines().filter(line -> line.startsWith("mesh_retries_total")).map(line -> line + "\n").reduce("", String::concat);
    }
}
