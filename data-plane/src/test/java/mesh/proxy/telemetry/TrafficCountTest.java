package mesh.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;

class TrafficCountTest {

    private final ProxyMetrics metrics = new ProxyMetrics(2, new FakeClock());

    /** The rest is what a client has asked for wrongly, or has given up. */
    @Test
    void aGrpcCallFailsByTheStatusThatStandsForAFailureOfTheServer() {
        TrafficCount count = metrics.traffic();
        for (int grpcStatus = 0; grpcStatus <= 17; grpcStatus++) metrics.service("payments").request(0, 200, grpcStatus, 1);
        assertThat(count.next().failures()).as("UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE, DATA_LOSS, and one that gRPC does not know")
            .isEqualTo(6);
        metrics.service("payments").request(0, 503, 14, 1);
        assertThat(count.next().failures()).as("once").isOne();
    }

    @Test
    void countsTheRequestsOfAllServicesSinceTheLastTime() {
        metrics.service("payments").request(0, 200, TimeUnit.MILLISECONDS.toNanos(1));
        TrafficCount count = metrics.traffic();
        metrics.service("payments").request(0, 200, TimeUnit.MILLISECONDS.toNanos(1));
        metrics.service("payments").request(1, 503, TimeUnit.MILLISECONDS.toNanos(1));
        metrics.service("cart").request(1, 499, TimeUnit.SECONDS.toNanos(1));

        TrafficCount.Seen seen = count.next();
        assertThat(seen.requests()).isEqualTo(3);
        assertThat(seen.failures()).isEqualTo(1);
        Map<Long, Long> durations = new TreeMap<>();
        seen.durations().forEach(durations::put);
        assertThat(durations.values()).containsExactly(2L, 1L);
        assertThat(durations.keySet()).allSatisfy(micros -> assertThat(micros).isBetween(1000L, 1_125_000L));

        seen = count.next();
        assertThat(seen.requests()).isZero();
        assertThat(seen.failures()).isZero();
        seen.durations().forEach((micros, number) -> assertThat(number).as("of %d", micros).isZero());
    }
}
