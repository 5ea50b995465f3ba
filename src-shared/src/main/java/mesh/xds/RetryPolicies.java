package mesh.xds;

import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy.RetryBackOff;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import mesh.model.RetryOn;

/**
 * Retries as Envoy's {@code RetryPolicy}. Envoy counts retries where we count tries, and repeats any method: for it, retries are held to
 * idempotent methods by a header match, because it cannot tell a request that provably was not processed, and to gRPC where the policy
 * names a status of gRPC.
 */
final class RetryPolicies {

    private static final HeaderMatcher IDEMPOTENT = HeaderMatcher.newBuilder()
        .setName(":method")
        .setStringMatch(StringMatcher.newBuilder()
            .setSafeRegex(RegexMatcher.newBuilder().setRegex("GET|HEAD|OPTIONS|TRACE|PUT|DELETE")))
        .build();

    private static final HeaderMatcher GRPC = HeaderMatcher.newBuilder()
        .setName("content-type")
        .setStringMatch(StringMatcher.newBuilder().setPrefix("application/grpc"))
        .build();

    /** Envoy's when no back-off is given, and the least that it accepts. */
    private static final Duration ENVOY_BASE = Duration.ofMillis(25);
    private static final Duration LEAST = Duration.ofNanos(1);

    private static final Set<String> FIELDS =
        Set.of("retry_on", "num_retries", "per_try_timeout", "per_try_idle_timeout", "retry_back_off", "retriable_request_headers", "retriable_status_codes");

    private RetryPolicies() {}

    static RetryPolicy encode(mesh.model.RetryPolicy policy) {
        RetryPolicy.Builder message = RetryPolicy.newBuilder()
            .setRetryOn(policy.retryOn().stream().sorted().map(RetryOn::text).collect(Collectors.joining(",")))
            .setNumRetries(UInt32Value.of(policy.attempts() - 1))
            .addAllRetriableRequestHeaders(repeatable(policy.retryOn()));
        policy.retriableStatusCodes().stream().sorted().forEach(message::addRetriableStatusCodes);
        if (!policy.perTryTimeout().isZero()) {
            message.setPerTryTimeout(Wire.duration(policy.perTryTimeout()));
        }
        if (!policy.perTryIdleTimeout().isZero()) {
            message.setPerTryIdleTimeout(Wire.duration(policy.perTryIdleTimeout()));
        }
        Duration base = max(policy.backoffBase(), LEAST);
        return message.setRetryBackOff(RetryBackOff.newBuilder()
                .setBaseInterval(Wire.duration(base))
                .setMaxInterval(Wire.duration(max(policy.backoffMax(), base))))
            .build();
    }

    static mesh.model.RetryPolicy decode(RetryPolicy message, Reading reading) {
        reading.only(message, FIELDS);
        Set<RetryOn> on = EnumSet.noneOf(RetryOn.class);
        for (String condition : message.getRetryOn().split(",")) {
            RetryOn known = condition.isBlank() ? null : reading.at("retry_on").check(() -> RetryOn.parse(condition.strip()));
            if (known != null) {
                on.add(known);
            }
        }
        List<HeaderMatcher> headers = message.getRetriableRequestHeadersList();
        if (!Set.of(IDEMPOTENT, GRPC).containsAll(headers)) {
            reading.at("retriable_request_headers").problem("names other headers (expected: none, or idempotent methods and gRPC)");
        }
        // Unsigned on the wire: 4294967295 must not become 0 attempts.
        long retries = message.hasNumRetries() ? Integer.toUnsignedLong(message.getNumRetries().getValue()) : 1;
        int attempts = (int) Math.min(retries + 1, Integer.MAX_VALUE);
        Duration perTry = reading.at("per_try_timeout").duration(message.getPerTryTimeout(), Duration.ZERO);
        Duration perTryIdle = reading.at("per_try_idle_timeout").duration(message.getPerTryIdleTimeout(), Duration.ZERO);
        Reading backOff = reading.at("retry_back_off");
        RetryBackOff times = message.getRetryBackOff();
        Duration base = times.hasBaseInterval() ? backOff.at("base_interval").duration(times.getBaseInterval(), ENVOY_BASE) : ENVOY_BASE;
        Duration max = times.hasMaxInterval()
            ? backOff.at("max_interval").duration(times.getMaxInterval(), ENVOY_BASE)
            : base.multipliedBy(10);
        return reading.check(() -> new mesh.model.RetryPolicy(
            attempts, perTry, perTryIdle, on, Set.copyOf(message.getRetriableStatusCodesList()), orZero(base), orZero(max)));
    }

    private static List<HeaderMatcher> repeatable(Set<RetryOn> on) {
        return on.stream().anyMatch(each -> each.grpcStatus() != 0) ? List.of(IDEMPOTENT, GRPC) : List.of(IDEMPOTENT);
    }

    private static Duration max(Duration a, Duration b) {
        return a.compareTo(b) >= 0 ? a : b;
    }

    private static Duration orZero(Duration d) {
        return d.equals(LEAST) ? Duration.ZERO : d;
    }
}
