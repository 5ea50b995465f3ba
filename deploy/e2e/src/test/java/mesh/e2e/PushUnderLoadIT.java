package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Issue 3: pushes while requests flow lose none, and hold from their acknowledgement on. */
class PushUnderLoadIT {

    private static final int PUSHES = 20;
    private static final List<String> NODES = List.of("payments-1", "payments-2", "payments-3");

    @TempDir
    private Path dir;

    @Test
    void twentyPushesLoseNoRequestAndHoldFromTheirAcknowledgement() throws Exception {
        try (HttpService one = new HttpService("payments-1"); HttpService two = new HttpService("payments-2");
            HttpService three = new HttpService("payments-3"); TestMesh mesh = new TestMesh(dir)) {
            mesh.web().payments("payments-1", one.address()).payments("payments-2", two.address()).payments("payments-3", three.address());
            mesh.push(Map.of("payments-1", 1, "payments-2", 1));
            Random random = new Random(3);
            try (Load load = Load.start(mesh.outbound(), "/pay", 8, 1)) {
                load.awaitMore(200);
                for (int push = 1; push <= PUSHES; push++) {
                    Map<String, Integer> weights = someOf(random);
                    mesh.push(weights);
                    long acknowledged = System.nanoTime();
                    int cycle = weights.values().stream().mapToInt(Integer::intValue).sum();
                    // Eight clients may have one request each on the way.
                    load.awaitMore(2 * cycle + 8);

                    List<String> since = load.answers().stream()
                        .filter(answer -> answer.begun() - acknowledged > 0).limit(2L * cycle).map(Load.Answer::body).toList();
                    assertThat(since).as("push %d, %s", push, weights).isSubsetOf(weights.keySet()).containsAll(weights.keySet());
                }
                load.stop();
                assertThat(load.failures()).as("of %d requests", load.answered()).isEmpty();
                assertThat(load.answered()).isGreaterThan(PUSHES * 10);
            }
        }
    }

    private static Map<String, Integer> someOf(Random random) {
        Map<String, Integer> weights = new HashMap<>();
        for (String node : NODES) {
            if (random.nextInt(3) > 0) weights.put(node, 1 + random.nextInt(4));
        }
        if (weights.isEmpty()) weights.put("payments-2", 1);
        return weights;
    }
}
