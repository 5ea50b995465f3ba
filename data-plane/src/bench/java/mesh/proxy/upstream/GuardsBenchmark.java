package mesh.proxy.upstream;

import java.util.concurrent.TimeUnit;
import mesh.model.CircuitBreakerPolicy;
import mesh.model.RetryBudgetPolicy;
import mesh.time.Ticker;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a good request pays to the circuit breaker of its upstream and to the retry budget of its cluster, which all loops share. To run it:
 *
 * <pre>./mvnw -Pbench -pl data-plane -am process-test-classes -Dbench=Guards</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class GuardsBenchmark {

    /** As on a loop, which reads the clock once for all that it has been woken for. */
    private final Ticker still = () -> 1_000_000_000L;
    private final CircuitBreaker breaker = new CircuitBreaker(CircuitBreakerPolicy.DEFAULT, still, (from, to, failures, window) -> {});
    private final RetryBudget budget = new RetryBudget(RetryBudgetPolicy.DEFAULT, still);

    @Benchmark
    public long breaker() {
        return throughBreaker();
    }

    @Benchmark
    @Threads(2)
    public long breakerOfTwoLoops() {
        return throughBreaker();
    }

    @Benchmark
    public void budget() {
        budget.deposit();
    }

    @Benchmark
    @Threads(2)
    public void budgetOfTwoLoops() {
        budget.deposit();
    }

    private long throughBreaker() {
        if (!breaker.usable()) throw new IllegalStateException("open");
        long permit = breaker.tryAcquire();
        breaker.succeeded(permit);
        return permit;
    }
}
