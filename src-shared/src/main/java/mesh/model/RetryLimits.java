package mesh.model;

/**
 * What bounds the retries of a cluster, of one sidecar, so that they cannot multiply an overload. A retry must be within both: the budget
 * goes by what was asked for lately, and is always on; the cap by what is being retried at this moment.
 *
 * @param budget     a share of the requests
 * @param maxRetries requests that are being retried at once, 1 to 1,000,000; 0, the default, for no such cap (Envoy's is 3 where it has no
 *                   budget)
 */
public record RetryLimits(RetryBudgetPolicy budget, int maxRetries) {

    public static final RetryLimits DEFAULT = new RetryLimits(RetryBudgetPolicy.DEFAULT, 0);

    public static final int MOST_RETRIES = 1_000_000;

    public RetryLimits {
        Checks.range("maxRetries", maxRetries, 0, MOST_RETRIES);
    }
}
