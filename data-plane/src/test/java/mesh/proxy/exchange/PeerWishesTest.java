package mesh.proxy.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import mesh.model.RetryOn;
import mesh.model.RetryPolicy;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;
import mesh.proxy.runtime.CompiledRoute;
import org.junit.jupiter.api.Test;

class PeerWishesTest {

    private static final RetryPolicy TWO = new RetryPolicy(2, Duration.ofMillis(7), Set.of(RetryOn.CONNECT_FAILURE), Duration.ZERO, Duration.ZERO);

    @Test
    void takesTheFieldsOffWhoeverSentThem() {
        for (boolean trusted : List.of(true, false)) {
            RequestHead head = head("x-envoy-upstream-rq-timeout-ms", "1", "x-envoy-max-retries", "2", "x-envoy-retry-on", "5xx",
                "x-envoy-retry-grpc-on", "internal", "x-envoy-upstream-rq-per-try-timeout-ms", "3", "x-kept", "4");
            assertThat(PeerWishes.take(head, trusted) != null).isEqualTo(trusted);
            assertThat(head.toString()).doesNotContain("x-envoy").contains("x-kept");
        }
        assertThat(PeerWishes.take(head("x-kept", "4"), true)).isNull();
    }

    @Test
    void readsTimesOfWhichZeroIsNoLimitAndTheUnreadableNoWish() {
        assertThat(wishes("x-envoy-upstream-rq-timeout-ms", "250").requestNanos(1)).isEqualTo(TimeUnit.MILLISECONDS.toNanos(250));
        assertThat(wishes("x-envoy-upstream-rq-timeout-ms", "0").requestNanos(1)).isEqualTo(CompiledRoute.NO_LIMIT);
        assertThat(wishes("x-envoy-upstream-rq-per-try-timeout-ms", "25").perTryNanos(1)).isEqualTo(TimeUnit.MILLISECONDS.toNanos(25));
        for (String text : List.of("-1", "1s", "", "1.5", "9999999999999")) {
            assertThat(wishes("x-envoy-upstream-rq-timeout-ms", text).requestNanos(1)).as(text).isEqualTo(1);
        }
    }

    @Test
    void addsConditionsToTheRoutesAndCountsRetriesAfterTheFirstTry() {
        RetryPolicy retry = wishes("x-envoy-retry-on", "gateway-error, nonsense,reset", "x-envoy-retry-grpc-on", "unavailable",
            "x-envoy-max-retries", "4").retry(TWO);
        assertThat(retry.retryOn()).containsExactlyInAnyOrder(RetryOn.CONNECT_FAILURE, RetryOn.GATEWAY_ERROR, RetryOn.RESET, RetryOn.UNAVAILABLE);
        assertThat(retry.attempts()).isEqualTo(5);
        assertThat(retry.perTryTimeout()).isEqualTo(TWO.perTryTimeout());
    }

    @Test
    void retriesOnceWhereTheRouteDoesNotAndNoNumberIsGiven() {
        RetryPolicy retry = wishes("x-envoy-retry-on", "5xx").retry(RetryPolicy.NONE);
        assertThat(retry.attempts()).isEqualTo(2);
        assertThat(retry.retryOn()).containsExactly(RetryOn.FIVE_XX);
    }

    @Test
    void retriesNothingMoreOftenWithoutACondition() {
        assertThat(wishes("x-envoy-max-retries", "5").retry(RetryPolicy.NONE)).isEqualTo(RetryPolicy.NONE);
        assertThat(wishes("x-envoy-retry-on", "retriable-status-codes").retry(RetryPolicy.NONE)).isEqualTo(RetryPolicy.NONE);
    }

    @Test
    void keepsTheNumberOfTriesWithinItsBounds() {
        assertThat(wishes("x-envoy-max-retries", "0").retry(TWO).attempts()).isEqualTo(1);
        assertThat(wishes("x-envoy-max-retries", "99999").retry(TWO).attempts()).isEqualTo(10);
        assertThat(wishes("x-envoy-max-retries", "many").retry(TWO).attempts()).isEqualTo(2);
    }

    private static PeerWishes wishes(String... fields) {
        return PeerWishes.take(head(fields), true);
    }

    private static RequestHead head(String... fields) {
        RequestHead head = RequestHead.of("GET", "/", "payments");
        for (int i = 0; i < fields.length; i += 2) head.add(FieldName.of(fields[i]), fields[i + 1]);
        return head;
    }
}
