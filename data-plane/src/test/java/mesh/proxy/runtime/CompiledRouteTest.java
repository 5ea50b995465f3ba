package mesh.proxy.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.random.RandomGenerator;
import mesh.model.BalancerKind;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.Timeouts;
import mesh.proxy.upstream.UpstreamCluster;
import mesh.time.ScriptedRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CompiledRouteTest {

    @Test
    void eachClusterHasAsManyNumbersAsItsWeight() {
        CompiledRoute route = split(0, 2, 0, 1, 0);
        List<String> drawn = new ArrayList<>();
        for (int number = 0; number < 3; number++) drawn.add(route.cluster(new ScriptedRandom(number)).name());
        assertThat(drawn).containsExactly("c1", "c1", "c3");
    }

    @Test
    void theOnlyOneIsNotDrawn() {
        assertThat(split(7).cluster(new ScriptedRandom()).name()).isEqualTo("c0");
    }

    /** Of any weights, zeros among them: within five standard deviations of each share, and nothing to whom nothing is due. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void inTheLongRunAShareIsThatShare(int seed) {
        RandomGenerator random = new Random(seed);
        int[] weights = new int[2 + random.nextInt(5)];
        for (int i = 0; i < weights.length; i++) weights[i] = random.nextInt(3) == 0 ? 0 : 1 + random.nextInt(seed % 2 == 0 ? 10 : 1_000_000);
        weights[0] = Math.max(1, weights[0]);
        CompiledRoute route = split(weights);
        Map<String, Integer> counts = new HashMap<>();
        int draws = 100_000;
        for (int i = 0; i < draws; i++) counts.merge(route.cluster(random).name(), 1, Integer::sum);

        double sum = 0;
        for (int weight : weights) sum += weight;
        for (int i = 0; i < weights.length; i++) {
            double share = weights[i] / sum;
            double deviation = Math.sqrt(draws * share * (1 - share));
            int count = counts.getOrDefault("c" + i, 0);
            if (weights[i] == 0) assertThat(count).isZero();
            else assertThat((double) count).as("%d of %s", weights[i], sum).isBetween(draws * share - 5 * deviation - 1, draws * share + 5 * deviation + 1);
        }
    }

    private static CompiledRoute split(int... weights) {
        Map<String, UpstreamCluster> known = new HashMap<>();
        List<Route.WeightedCluster> shares = new ArrayList<>();
        for (int i = 0; i < weights.length; i++) {
            String name = "c" + i;
            Cluster model = new Cluster(name, BalancerKind.ROUND_ROBIN, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT);
            known.put(name, new UpstreamCluster(model, List.of(), null, null, null, null, null, null));
            shares.add(new Route.WeightedCluster(name, weights[i]));
        }
        return new CompiledRoute(new Route("r", new Route.Prefix("/"), new Route.ToWeightedClusters(shares), Optional.empty(), Timeouts.DEFAULT,
            RetryPolicy.NONE), known, null, null, null);
    }
}
