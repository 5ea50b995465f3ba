package mesh.proxy.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.model.RetryBudgetPolicy;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;

class RetryBudgetTest {

    private static final Duration TTL = Duration.ofSeconds(10);

    private final FakeClock clock = new FakeClock();

    @Test
    void paysForTwoRetriesWithTenRequests() {
        RetryBudget budget = budget(0.2, 0);
        deposit(budget, 10);
        assertThat(withdrawAll(budget)).isEqualTo(2);
    }

    @Test
    void refusesOneRequestShortOfARetry() {
        RetryBudget budget = budget(0.2, 0);
        deposit(budget, 4);
        assertThat(budget.tryWithdraw()).isFalse();
        deposit(budget, 1);
        assertThat(budget.tryWithdraw()).isTrue();
        assertThat(budget.tryWithdraw()).isFalse();
    }

    @Test
    void keepsTheReserveForAQuietCluster() {
        assertThat(withdrawAll(budget(0.2, 10))).isEqualTo(100);
    }

    @Test
    void neverPaysWithoutRatioAndReserve() {
        RetryBudget budget = budget(0, 0);
        deposit(budget, 1000);
        assertThat(budget.tryWithdraw()).isFalse();
    }

    @Test
    void forgetsDepositsAfterTheirTime() {
        RetryBudget budget = budget(0.2, 0);
        deposit(budget, 50);
        clock.advance(TTL.minusNanos(1));
        assertThat(budget.balance()).isEqualTo(10);
        clock.advance(Duration.ofNanos(1));
        assertThat(budget.balance()).isZero();
    }

    @Test
    void forgetsWithdrawalsAfterTheirTime() {
        RetryBudget budget = budget(0.2, 1);
        assertThat(withdrawAll(budget)).isEqualTo(10);
        clock.advance(TTL.minusNanos(1));
        assertThat(budget.tryWithdraw()).isFalse();
        clock.advance(Duration.ofNanos(1));
        assertThat(withdrawAll(budget)).isEqualTo(10);
    }

    @Test
    void holdsTheShareUnderASteadyLoad() {
        RetryBudget budget = budget(0.2, 0);
        int retries = 0;
        for (int i = 0; i < 100_000; i++) {
            budget.deposit();
            retries += budget.tryWithdraw() ? 1 : 0;
            clock.advance(Duration.ofMillis(1));
        }
        assertThat(retries).isBetween(19_900, 20_000);
    }

    @Test
    void isTheSameAfterALongSilence() {
        RetryBudget budget = budget(0.2, 0);
        deposit(budget, 50);
        clock.advance(Duration.ofDays(365));
        assertThat(budget.balance()).isZero();
        deposit(budget, 5);
        assertThat(withdrawAll(budget)).isEqualTo(1);
    }

    @Test
    void neverPaysTwiceForOneDepositHoweverThreadsRace() throws Exception {
        RetryBudget budget = budget(1, 0);
        AtomicInteger retries = new AtomicInteger();
        Race.of(4, thread -> {
            for (int i = 0; i < 10_000; i++) {
                if (thread == 0) {
                    budget.deposit();
                } else if (budget.tryWithdraw()) {
                    retries.incrementAndGet();
                }
            }
        });
        assertThat(retries.get() + withdrawAll(budget)).isEqualTo(10_000);
    }

    @Test
    void namesWhatIsOutOfRange() {
        assertThatThrownBy(() -> budget(-0.1, 0)).hasMessage("ratio: -0.1 (expected: 0 to 10)");
        assertThatThrownBy(() -> budget(0.2, -1)).hasMessage("minPerSecond: -1 (expected: 0 to 1000000)");
        assertThatThrownBy(() -> new RetryBudgetPolicy(0.2, 0, Duration.ofMillis(999))).hasMessage("ttl: 999ms (expected: 1s to 1m)");
    }

    private RetryBudget budget(double ratio, int minPerSecond) {
        return new RetryBudget(new RetryBudgetPolicy(ratio, minPerSecond, TTL), clock);
    }

    private static void deposit(RetryBudget budget, int times) {
        for (int i = 0; i < times; i++) {
            budget.deposit();
        }
    }

    private static int withdrawAll(RetryBudget budget) {
        int retries = 0;
        while (budget.tryWithdraw()) {
            retries++;
        }
        return retries;
    }
}
