package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pushes while requests flow lose none, and hold from their acknowledgement on. */
@Tag("soak")
class PushUnderLoadIT {

    private static final int PUSHES = Effort.of("pushes", 20);
    /** Each may have a request on the way that was sent somewhere before. */
    private static final int CLIENTS = 8;
    private static final List<String> NODES = List.of("payments-1", "payments-2", "payments-3");

    @TempDir
    private Path dir;

    @Test
    void pushesLoseNoRequestAndHoldFromTheirAcknowledgement() throws Exception {
        try (HttpService one = new HttpService("payments-1"); HttpService two = new HttpService("payments-2");
            HttpService three = new HttpService("payments-3"); TestMesh mesh = new TestMesh(dir)) {
            mesh.web().payments("payments-1", one.address()).payments("payments-2", two.address()).payments("payments-3", three.address());
            mesh.push(Map.of("payments-1", 1, "payments-2", 1));
            Random random = new Random(3);
            try (Load load = Load.start(mesh.outbound(), "/pay", CLIENTS, 1)) {
                load.awaitMore(200);
                for (int push = 1; push <= PUSHES; push++) {
                    Map<String, Integer> weights = someOf(random);
                    mesh.push(weights);
                    long acknowledged = System.nanoTime();
                    int cycle = weights.values().stream().mapToInt(Integer::intValue).sum();
                    load.awaitMore(2 * cycle);
                    await().atMost(Duration.ofSeconds(30)).until(() -> bodies(load.since(acknowledged)).containsAll(weights.keySet()));

                    List<Load.Answer> since = load.since(acknowledged);
                    assertThat(bodies(since)).as("push %d", push).isEqualTo(weights.keySet());
                    for (String node : weights.keySet()) {
                        int before = since.stream().map(Load.Answer::body).toList().indexOf(node);
                        assertThat(before).as("push %d, %s: requests that began before the first of %s", push, weights, node).isLessThan(cycle + CLIENTS);
                    }
                }
                load.stop();
                assertThat(load.failures()).as("of %d requests", load.answered()).isEmpty();
                assertThat(load.answered()).isGreaterThan(PUSHES * 10);
            }
        }
    }

    private static Set<String> bodies(List<Load.Answer> answers) {
        return answers.stream().map(Load.Answer::body).collect(Collectors.toSet());
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
