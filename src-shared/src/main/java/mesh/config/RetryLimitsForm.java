package mesh.config;

import java.time.Duration;
import mesh.model.RetryBudgetPolicy;
import mesh.model.RetryLimits;

/** What bounds a cluster's retries: keys of the cluster itself. */
final class RetryLimitsForm {

    private RetryLimitsForm() {}

    /** Null after a finding. */
    static RetryLimits cluster(Section s) {
        RetryBudgetPolicy budget = s.section("retryBudget").map(RetryLimitsForm::budget).orElse(RetryBudgetPolicy.DEFAULT);
        int most = s.integer("maxRetries", 0, 0, RetryLimits.MOST_RETRIES);
        return s.make(() -> new RetryLimits(budget, most));
    }

    private static RetryBudgetPolicy budget(Section s) {
        RetryBudgetPolicy normal = RetryBudgetPolicy.DEFAULT;
        Double ratio = s.read("ratio", normal.ratio(), Values::ratio);
        int floor = s.integer("minPerSecond", normal.minPerSecond(), 0, RetryBudgetPolicy.MOST_PER_SECOND);
        Duration ttl = s.duration("ttl", normal.ttl(), false);
        s.end();
        return s.make(() -> new RetryBudgetPolicy(ratio, floor, ttl));
    }
}
