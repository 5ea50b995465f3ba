package mesh.config;

import java.time.Duration;
import java.util.Optional;
import mesh.model.BalancingPolicy;
import mesh.model.SlowStart;

/** Among which of its endpoints a cluster chooses: the section {@code balancing}. */
final class BalancingForm {

    private BalancingForm() {}

    /** Null after a finding. */
    static BalancingPolicy cluster(Section s) {
        return s.section("balancing").map(BalancingForm::policy).orElse(BalancingPolicy.DEFAULT);
    }

    private static BalancingPolicy policy(Section s) {
        BalancingPolicy normal = BalancingPolicy.DEFAULT;
        int panic = s.integer("panicThreshold", normal.panicThreshold(), 0, 100);
        Optional<SlowStart> slowStart = s.section("slowStart").map(BalancingForm::slowStart);
        Boolean local = s.flag("preferLocal", normal.preferLocal());
        s.end();
        return s.make(() -> new BalancingPolicy(panic, slowStart, local));
    }

    private static SlowStart slowStart(Section s) {
        Duration window = s.required("window", "a duration such as 30s", text -> Values.duration(text, false));
        Double aggression = s.read("aggression", SlowStart.DEFAULT_AGGRESSION, BalancingForm::aggression);
        int least = s.integer("minWeightPercent", SlowStart.DEFAULT_MIN_WEIGHT, 0, 100);
        s.end();
        return s.make(() -> new SlowStart(window, aggression, least));
    }

    private static double aggression(String text) {
        double value = text.matches("[0-9]{1,4}(\\.[0-9]{1,9})?") ? Double.parseDouble(text) : 0;
        if (!(value > 0 && value <= SlowStart.MOST_AGGRESSION)) {
            throw new IllegalArgumentException("\"" + text + "\" (expected: above 0 and at most 1000, such as 1.5)");
        }
        return value;
    }
}
