package mesh.proxy.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import mesh.model.RetryBudgetPolicy;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;

/** The budget beside a plain sum of what was deposited and withdrawn in the last ten tenths of its time. */
class RetryBudgetModelTest {

    private static final int RETRY = 1000;

    @Test
    void doesWhatItsDescriptionSays() {
        int paid = 0;
        int refused = 0;
        for (int seed = 0; seed < 300; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            FakeClock clock = new FakeClock();
            Duration now = Duration.ZERO;
            int ratio = random.nextInt(3) == 0 ? random.nextInt(10_000) : random.nextInt(500);
            RetryBudgetPolicy policy = new RetryBudgetPolicy(ratio / 1000.0, random.nextInt(5), Duration.ofSeconds(1 + random.nextInt(60)));
            RetryBudget budget = new RetryBudget(policy, clock);
            Map<Long, Long> sums = new HashMap<>();
            for (int step = 0; step < 1000; step++) {
                long slice = now.toNanos() / (policy.ttl().toNanos() / 10);
                String at = "seed " + seed + ", step " + step + ": " + policy;
                switch (random.nextInt(4)) {
                    case 0 -> {
                        Duration by = Duration.ofMillis(random.nextInt(20) == 0 ? random.nextInt(120_000) : random.nextInt(1000));
                        clock.advance(by);
                        now = now.plus(by);
                    }
                    case 1 -> {
                        budget.deposit();
                        sums.merge(slice, (long) ratio, Long::sum);
                    }
                    default -> {
                        boolean pays = balance(policy, sums, slice) >= RETRY;
                        assertThat(budget.tryWithdraw()).as(at).isEqualTo(pays);
                        if (pays) sums.merge(slice, (long) -RETRY, Long::sum);
                        paid += pays ? 1 : 0;
                        refused += pays ? 0 : 1;
                    }
                }
                long then = now.toNanos() / (policy.ttl().toNanos() / 10);
                assertThat(budget.balance()).as(at).isEqualTo(Math.max(0, balance(policy, sums, then)) / (double) RETRY);
            }
        }
        assertThat(Math.min(paid, refused)).as("of each, without which this says nothing").isGreaterThan(10_000);
    }

    private static long balance(RetryBudgetPolicy policy, Map<Long, Long> sums, long slice) {
        long reserve = policy.minPerSecond() * policy.ttl().toSeconds() * RETRY;
        return reserve + sums.entrySet().stream().filter(each -> slice - each.getKey() < 10).mapToLong(Map.Entry::getValue).sum();
    }
}
