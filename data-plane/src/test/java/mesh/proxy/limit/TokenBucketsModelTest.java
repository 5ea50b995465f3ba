package mesh.proxy.limit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import mesh.model.RateLimit;
import org.junit.jupiter.api.Test;

/** The table beside a plain bucket for each client, which fills up as time goes by. */
class TokenBucketsModelTest {

    private static final int[] RATES = {1, 2, 5, 10, 1000, 1_000_000};
    /** As many as find a place of their own however they fall. */
    private static final int CLIENTS = 16;

    @Test
    void doesWhatItsDescriptionSays() {
        int refused = 0;
        for (int seed = 0; seed < 300; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int rate = RATES[random.nextInt(RATES.length)];
            int burst = 1 + random.nextInt(8);
            long interval = 1_000_000_000 / rate;
            RateLimit limit = new RateLimit(rate, Duration.ofSeconds(1), burst, new RateLimit.ClientAddress(), 64, false);
            TokenBuckets buckets = new TokenBuckets(new Gcra(limit), 64, () -> {});
            long now = 0;
            // In nanoseconds: a token is an interval.
            long[] level = new long[CLIENTS];
            long[] seen = new long[CLIENTS];
            Arrays.fill(level, burst * interval);
            for (int step = 0; step < 2000; step++) {
                if (random.nextInt(3) == 0) now += random.nextLong(random.nextInt(50) == 0 ? 20 * interval : interval);
                int client = random.nextInt(CLIENTS);
                level[client] = Math.min(burst * interval, level[client] + now - seen[client]);
                seen[client] = now;
                long wait = Math.max(0, interval - level[client]);
                if (wait == 0) level[client] -= interval;
                else refused++;
                assertThat(buckets.take((client + 1) * 0x9e37_79b9_7f4a_7c15L, Gcra.moment(now)))
                    .as("seed %d, step %d: client %d at %d ns; %s", seed, step, client, now, limit).isEqualTo(wait);
            }
        }
        assertThat(refused).as("refused, without which this says nothing").isGreaterThan(20_000);
    }
}
