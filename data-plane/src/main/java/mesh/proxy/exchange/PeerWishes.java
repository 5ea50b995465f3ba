package mesh.proxy.exchange;

import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import mesh.model.RetryOn;
import mesh.model.RetryPolicy;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;
import mesh.proxy.runtime.CompiledRoute;

/**
 * What a peer of the mesh asks of us for one request, in Envoy's fields. A wish comes before the route's own word, as in Envoy; what cannot
 * be read is none.
 */
public final class PeerWishes {

    private static final FieldName TIMEOUT = FieldName.of("x-envoy-upstream-rq-timeout-ms");
    private static final FieldName PER_TRY_TIMEOUT = FieldName.of("x-envoy-upstream-rq-per-try-timeout-ms");
    private static final FieldName MAX_RETRIES = FieldName.of("x-envoy-max-retries");
    private static final FieldName RETRY_ON = FieldName.of("x-envoy-retry-on");
    private static final FieldName RETRY_GRPC_ON = FieldName.of("x-envoy-retry-grpc-on");
    private static final FieldName[] ALL = {TIMEOUT, PER_TRY_TIMEOUT, MAX_RETRIES, RETRY_ON, RETRY_GRPC_ON};

    /** Up to 31 years. */
    private static final int MOST_DIGITS = 12;
    private static final int MOST_ATTEMPTS = 10;
    private static final int NONE = -1;

    private final long timeoutNanos;
    private final long perTryNanos;
    private final long maxRetries;
    private final Set<RetryOn> retryOn = EnumSet.noneOf(RetryOn.class);

    private PeerWishes(Fields head) {
        timeoutNanos = nanos(head, TIMEOUT);
        perTryNanos = nanos(head, PER_TRY_TIMEOUT);
        maxRetries = number(head, MAX_RETRIES);
        addConditions(head.get(RETRY_ON));
        addConditions(head.get(RETRY_GRPC_ON));
    }

    /**
     * Takes the fields off, since they are for us and for nobody behind us.
     *
     * @param trusted whether the client is a peer of the mesh; of anybody else they are not believed
     * @return null when there are none
     */
    public static PeerWishes take(Fields head, boolean trusted) {
        boolean any = false;
        for (FieldName name : ALL) any |= head.contains(name);
        if (!any) return null;
        PeerWishes wishes = trusted ? new PeerWishes(head) : null;
        for (FieldName name : ALL) head.remove(name);
        return wishes;
    }

    /** For the whole request. */
    long requestNanos(long routes) {
        return timeoutNanos == NONE ? routes : timeoutNanos;
    }

    long perTryNanos(long routes) {
        return perTryNanos == NONE ? routes : perTryNanos;
    }

    /** Conditions are added to the route's; without any there is nothing to retry on, however often. */
    RetryPolicy retry(RetryPolicy routes) {
        boolean retries = routes.attempts() > 1;
        Set<RetryOn> on = EnumSet.copyOf(retryOn);
        if (retries) on.addAll(routes.retryOn());
        if (routes.retriableStatusCodes().isEmpty()) on.remove(RetryOn.RETRIABLE_STATUS_CODES);
        if (on.isEmpty()) return routes;
        int attempts = maxRetries == NONE ? Math.max(2, routes.attempts()) : (int) Math.min(maxRetries + 1, MOST_ATTEMPTS);
        return new RetryPolicy(attempts, routes.perTryTimeout(), routes.perTryIdleTimeout(), on,
            on.contains(RetryOn.RETRIABLE_STATUS_CODES) ? routes.retriableStatusCodes() : Set.of(), routes.backoffBase(), routes.backoffMax());
    }

    private void addConditions(String list) {
        if (list == null) return;
        for (RetryOn each : RetryOn.values()) {
            for (String name : list.split(",")) {
                if (each.text().equals(name.strip())) retryOn.add(each);
            }
        }
    }

    /** 0 is no limit. */
    private static long nanos(Fields head, FieldName name) {
        long millis = number(head, name);
        return millis == NONE ? NONE : millis == 0 ? CompiledRoute.NO_LIMIT : TimeUnit.MILLISECONDS.toNanos(millis);
    }

    private static long number(Fields head, FieldName name) {
        String value = head.get(name);
        return value == null ? NONE : Grpc.decimal(value, MOST_DIGITS);
    }
}
