package mesh.control.messages;

import java.time.Duration;
import mesh.model.RetryBudgetPolicy;
import mesh.model.RetryLimits;
import mesh.v1.RetryBudget;

/** What bounds a cluster's retries, to the model and back. */
final class RetryLimitMessages {

    private RetryLimitMessages() {}

    /** Null after a problem. */
    static RetryLimits decode(mesh.v1.Cluster m, String path, Problems problems) {
        RetryBudgetPolicy budget = m.hasRetryBudget() ? budget(m.getRetryBudget(), path + ".retry_budget", problems) : RetryBudgetPolicy.DEFAULT;
        int most = m.getMaxRetries();
        if (most < 0 || most > RetryLimits.MOST_RETRIES) {
            problems.add(path + ".max_retries", Integer.toUnsignedString(most) + " (expected: 0 to " + RetryLimits.MOST_RETRIES + ")");
            return null;
        }
        return budget == null ? null : new RetryLimits(budget, most);
    }

    private static RetryBudgetPolicy budget(RetryBudget m, String path, Problems problems) {
        RetryBudgetPolicy normal = RetryBudgetPolicy.DEFAULT;
        int before = problems.count();
        Duration ttl = m.hasTtl() ? Values.positive(path + ".ttl", m.getTtl(), problems) : normal.ttl();
        return problems.count() > before ? null : problems.read(path, () -> new RetryBudgetPolicy(
            m.hasRatio() ? m.getRatio() : normal.ratio(), m.hasMinPerSecond() ? m.getMinPerSecond() : normal.minPerSecond(), ttl));
    }

    static void encode(RetryLimits retries, mesh.v1.Cluster.Builder m) {
        m.setMaxRetries(retries.maxRetries());
        RetryBudgetPolicy budget = retries.budget();
        if (budget.equals(RetryBudgetPolicy.DEFAULT)) return;
        m.setRetryBudget(RetryBudget.newBuilder()
            .setRatio(budget.ratio()).setMinPerSecond(budget.minPerSecond()).setTtl(Values.message(budget.ttl())));
    }
}
