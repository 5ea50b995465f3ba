package mesh.proxy.balancer;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** A candidate that a test sets as it likes, and that counts how often it was picked. */
final class FakeCandidate implements Candidate {

    final String name;
    final AtomicInteger inFlight = new AtomicInteger();
    final LongAdder picks = new LongAdder();
    volatile boolean usable = true;
    volatile double latency;
    private final int weight;

    private FakeCandidate(String name, int weight) {
        this.name = name;
        this.weight = weight;
    }

    /** One for each weight, called a, b, c, … */
    static List<FakeCandidate> weighing(int... weights) {
        List<FakeCandidate> candidates = new ArrayList<>();
        for (int weight : weights) {
            candidates.add(new FakeCandidate(String.valueOf((char) ('a' + candidates.size())), weight));
        }
        return candidates;
    }

    /** One for each weight, called 10.0.0.0:80, 10.0.0.1:80, … */
    static List<FakeCandidate> addressed(int... weights) {
        List<FakeCandidate> candidates = new ArrayList<>();
        for (int weight : weights) candidates.add(at("10.0." + candidates.size() / 256 + "." + candidates.size() % 256 + ":80", weight));
        return candidates;
    }

    static FakeCandidate at(String address, int weight) {
        return new FakeCandidate(address, weight);
    }

    /** Picks so often, each request over before the next begins. */
    static void pick(Balancer<FakeCandidate> balancer, int times) {
        for (int i = 0; i < times; i++) {
            balancer.pick(List.of(), Balancer.NO_KEY).picks.increment();
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int weight() {
        return weight;
    }

    @Override
    public int inFlight() {
        return inFlight.get();
    }

    @Override
    public double latency() {
        return latency;
    }

    @Override
    public boolean usable() {
        return usable;
    }

    @Override
    public String toString() {
        return name + "(weight " + weight + ", picked " + picks + ")";
    }
}
