package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.model.Address;
import mesh.v1.Cluster;
import mesh.v1.Hedge;
import mesh.v1.Route;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each of three instances is slow to answer one request in fifty. With hedging on, clients hardly see it, and the instances hardly
 * more requests. An answer says itself whether it is a slow one, so that no clock is asked.
 */
class HedgingIT {

    private static final int SLOW_ONE_IN = 50;
    private static final int SLOW_MILLIS = 300;
    private static final int CLIENTS = 4;
    private static final int REQUESTS = 4000;

    @TempDir
    private Path dir;

    /**
     * What clients and instances saw.
     *
     * @param slow  answers of that kind, as a share of all
     * @param extra requests that instances saw beyond those that clients sent, as a share
     */
    private record Measured(double slow, double extra) {}

    @Test
    void slowAnswersBecomeRareForAFewRequestsMore() throws Exception {
        try (HttpService one = slowAtTimes(0); HttpService two = slowAtTimes(17); HttpService three = slowAtTimes(34);
            PolicyMesh mesh = new PolicyMesh(dir)) {
            List<HttpService> all = List.of(one, two, three);
            Measured off = measure(mesh, Route.getDefaultInstance(), all);
            Measured on = measure(mesh, Route.newBuilder().setHedge(Hedge.getDefaultInstance()).build(), all);

            System.out.printf("hedging after p95, instances slow for 1 in %d: slow answers %.2f %% -> %.2f %%, extra requests %.2f %% -> %.2f %%%n%s",
                SLOW_ONE_IN, 100 * off.slow, 100 * on.slow, 100 * off.extra, 100 * on.extra, hedges(mesh));
            assertThat(off.slow).as("without hedging").isBetween(0.8 / SLOW_ONE_IN, 1.2 / SLOW_ONE_IN);
            assertThat(on.slow).as("with hedging:%n%s", hedges(mesh)).isLessThanOrEqualTo(0.2 * off.slow);
            assertThat(off.extra).isZero();
            assertThat(on.extra).as("with hedging").isBetween(0.01, 0.05);
        }
    }

    private static Measured measure(PolicyMesh mesh, Route route, List<HttpService> instances) throws Exception {
        mesh.push(route, Cluster.getDefaultInstance(), instances.stream().map(HttpService::address).toArray(Address[]::new));
        int before = requests(instances);
        try (Load load = Load.start(mesh.outbound(), "/", CLIENTS, 0)) {
            load.awaitMore(REQUESTS);
            load.stop();
            assertThat(load.failures()).isEmpty();
            return new Measured((double) load.counts().getOrDefault("slow", 0) / load.answered(),
                (double) (requests(instances) - before) / load.answered() - 1);
        }
    }

    private static int requests(List<HttpService> instances) {
        return instances.stream().mapToInt(HttpService::requests).sum();
    }

    private static String hedges(PolicyMesh mesh) throws Exception {
        return mesh.web().metrics().lines().filter(line -> line.startsWith("mesh_hedges_total")).map(line -> line + "\n").reduce("", String::concat);
    }

    /** @param start where it begins to count: taken in turn, instances that began alike would all be slow at once */
    private static HttpService slowAtTimes(int start) throws IOException {
        AtomicInteger requests = new AtomicInteger(start);
        return new HttpService(0, exchange -> {
            boolean slow = requests.incrementAndGet() % SLOW_ONE_IN == 0;
            if (slow) pause();
            HttpService.text(exchange, slow ? "slow" : "quick");
        });
    }

    private static void pause() throws IOException {
        try {
            Thread.sleep(SLOW_MILLIS);
        } catch (InterruptedException e) {
            throw new InterruptedIOException("stopped");
        }
    }
}
