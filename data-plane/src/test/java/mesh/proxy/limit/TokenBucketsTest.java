package mesh.proxy.limit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import mesh.model.RateLimit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenBucketsTest {

    private static final long A = 0x1111_1111_0000_0001L, B = 0x2222_2222_0000_0002L;

    private final AtomicInteger shared = new AtomicInteger();

    @Test
    void givesABurstAtOnceAndThenOneAfterTheOther() {
        TokenBuckets buckets = buckets(10, 3, 16);
        assertThat(admitted(buckets, A, 0, 5)).isEqualTo(3);
        assertThat(admitted(buckets, A, ms(100), 5)).isEqualTo(1);
        assertThat(admitted(buckets, A, ms(250), 5)).isEqualTo(1);
        assertThat(admitted(buckets, A, ms(300), 5)).isEqualTo(1);
        assertThat(admitted(buckets, A, ms(9000), 5)).isEqualTo(3);
    }

    @Test
    void saysToTheNanosecondWhenThereWillBeAToken() {
        TokenBuckets buckets = buckets(3, 1, 16);
        assertThat(take(buckets, A, 0)).isZero();
        assertThat(take(buckets, A, ms(1))).isEqualTo(333_333_334 - ms(1));
        assertThat(take(buckets, A, 333_333_333)).isEqualTo(1);
        assertThat(take(buckets, A, 333_333_334)).isZero();
    }

    @Test
    void aMillionASecondIsAMillion() {
        TokenBuckets buckets = buckets(1_000_000, 1, 16);
        int admitted = 0;
        for (long now = 0; now < ms(1000); now += 250) admitted += take(buckets, A, now) == 0 ? 1 : 0;
        assertThat(admitted).isEqualTo(1_000_000);
    }

    @Test
    void oneClientsRequestsCostAnotherNothing() {
        TokenBuckets buckets = buckets(10, 5, 16);
        assertThat(admitted(buckets, A, 0, 1000)).isEqualTo(5);
        assertThat(admitted(buckets, B, 0, 1000)).isEqualTo(5);
    }

    @Test
    void clientsThatComeOnceNeedNoMoreRoomThanThoseOfAMoment() {
        TokenBuckets buckets = buckets(1000, 1, 1024);
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 1_000_000; i++) assertThat(take(buckets, random.nextLong() | 1, i * 10_000L)).isZero();
        assertThat(shared).hasValue(0);
    }

    @Test
    void whoeverFindsNoBucketSharesOneAndIsCounted() {
        TokenBuckets buckets = crowded();
        assertThat(admitted(buckets, A, 0, 10) + admitted(buckets, B, 0, 10)).isEqualTo(3);
        assertThat(shared).hasValue(20);
        assertThat(take(buckets, B, ms(100))).isZero();
        assertThat(take(buckets, A, ms(100))).isPositive();
    }

    @Test
    void whoeverGetsABucketAfterSharingOneBeginsWithWhatThatOwes() {
        TokenBuckets buckets = crowded();
        assertThat(admitted(buckets, A, 0, 10)).isEqualTo(3);
        assertThat(admitted(buckets, A, ms(199), 10)).as("what came back to the common one").isEqualTo(1);
        shared.set(0);
        assertThat(admitted(buckets, A, ms(200), 10)).as("in a slot that is free now, without a burst").isEqualTo(1);
        assertThat(admitted(buckets, A, ms(400), 10)).isEqualTo(2);
        assertThat(shared).hasValue(0);
    }

    @Test
    void aBucketThatIsInUseIsNeverGivenToAnother() {
        TokenBuckets buckets = crowded();
        for (long client = 100; client < 1000; client++) take(buckets, client, ms(1));
        for (int i = 1; i <= 16; i++) assertThat(admitted(buckets, i, ms(1), 5)).isEqualTo(1);
    }

    /** Whatever the clients, the threads and their times: in no window has one got more than its burst and what has come back in it. */
    @ParameterizedTest
    @CsvSource({"1, 16, 1", "12, 16, 3", "40, 16, 3", "40, 64, 1", "3000, 256, 2"})
    void noClientEverGetsMoreThanItsLimit(int clients, int keys, int burst) throws Exception {
        Duration interval = Duration.ofNanos(1000);
        TokenBuckets buckets = buckets(1_000_000, burst, keys);
        AtomicLong clock = new AtomicLong();
        ExecutorService pool = Executors.newFixedThreadPool(4);
        Map<Long, List<Long>> admitted = new HashMap<>();
        try {
            List<Future<List<long[]>>> running = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                SplittableRandom random = new SplittableRandom(thread);
                Callable<List<long[]>> client = () -> {
                    List<long[]> mine = new ArrayList<>();
                    for (int i = 0; i < 100_000; i++) {
                        // Quiet for a while now and then, so that slots change hands.
                        long now = clock.addAndGet(random.nextInt(500) == 0 ? 4 * interval.toNanos() : random.nextInt(50));
                        long who = spread(random.nextInt(clients));
                        if (take(buckets, who, now) == 0) mine.add(new long[] {who, now});
                    }
                    return mine;
                };
                running.add(pool.submit(client));
            }
            for (Future<List<long[]>> each : running) {
                for (long[] one : each.get()) admitted.computeIfAbsent(one[0], unused -> new ArrayList<>()).add(one[1]);
            }
        } finally {
            pool.shutdownNow();
        }
        assertThat(admitted).hasSize(clients);
        admitted.forEach((who, times) -> assertThat(mostOverAnyWindow(times, interval.toNanos())).isLessThanOrEqualTo(burst * interval.toNanos()));
    }

    /** The most that requests in any window have taken beyond what came back in it, in nanoseconds of tokens. */
    private static long mostOverAnyWindow(List<Long> times, long interval) {
        List<Long> sorted = times.stream().sorted().toList();
        long least = Long.MAX_VALUE;
        long most = 0;
        for (int i = 0; i < sorted.size(); i++) {
            long level = i * interval - sorted.get(i);
            least = Math.min(least, level);
            most = Math.max(most, level - least + interval);
        }
        return most;
    }

    /** Sixteen clients that keep sixteen slots busy for 200 ms: each has taken two of its three tokens, which come back one in 100 ms. */
    private TokenBuckets crowded() {
        TokenBuckets buckets = buckets(10, 3, 16);
        for (int i = 1; i <= 16; i++) assertThat(admitted(buckets, i, 0, 2)).isEqualTo(2);
        assertThat(shared).hasValue(0);
        return buckets;
    }

    private TokenBuckets buckets(int perSecond, int burst, int keys) {
        shared.set(0);
        RateLimit limit = new RateLimit(perSecond, Duration.ofSeconds(1), burst, new RateLimit.ClientAddress(), keys, false);
        return new TokenBuckets(new Gcra(limit), keys, shared::incrementAndGet);
    }

    private static int admitted(TokenBuckets buckets, long client, long nanos, int requests) {
        int admitted = 0;
        for (int i = 0; i < requests; i++) admitted += take(buckets, client, nanos) == 0 ? 1 : 0;
        return admitted;
    }

    private static long take(TokenBuckets buckets, long client, long nanos) {
        return buckets.take(client, Gcra.moment(nanos));
    }

    private static long spread(long client) {
        return (client + 1) * 0x9e37_79b9_7f4a_7c15L;
    }

    private static long ms(long n) {
        return n * 1_000_000;
    }
}
