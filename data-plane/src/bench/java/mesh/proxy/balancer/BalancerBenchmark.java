package mesh.proxy.balancer;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import mesh.model.BalancerKind;
import mesh.model.ConsistentHash;
import mesh.time.Env;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a pick costs, alone and with another loop at the same balancer. To run it:
 *
 * <pre>./mvnw -Pbench -pl data-plane -am process-test-classes -Dbench=Balancer</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class BalancerBenchmark {

    @Param
    public BalancerKind kind;

    @Param({"3", "100"})
    public int endpoints;

    private Balancer<Endpoint> balancer;

    private record Endpoint(String name, int inFlight, double latency) implements Candidate {

        @Override
        public int weight() {
            return 1;
        }

        @Override
        public boolean usable() {
            return true;
        }
    }

    /** A request's key: another one each time. */
    @State(Scope.Thread)
    public static class Request {

        private long key = 1;

        long next() {
            return key = key * 0x5851f42d4c957f2dL + 0x14057b7ef767814fL;
        }
    }

    @Setup
    public void build() {
        List<Endpoint> candidates = new ArrayList<>();
        for (int i = 0; i < endpoints; i++) candidates.add(new Endpoint("10.0.0." + i + ":9001", i % 3, 1e6 * (1 + i % 5)));
        balancer = Balancers.of(kind, ConsistentHash.DEFAULT, candidates, Env.system().random(), null);
    }

    @Benchmark
    public Candidate pick(Request request) {
        return balancer.pick(List.of(), request.next());
    }

    @Benchmark
    @Threads(2)
    public Candidate pickOfTwoLoops(Request request) {
        return balancer.pick(List.of(), request.next());
    }
}
