package mesh.proxy.exchange;

import static mesh.proxy.exchange.RetryDecision.NO;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import mesh.model.RetryOn;
import mesh.model.RetryPolicy;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Method;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.outcome.Failure;
import mesh.time.FakeClock;
import mesh.time.ScriptedRandom;
import org.junit.jupiter.api.Test;

class RetryDecisionTest {

    private static final FieldName PUSHBACK = FieldName.of("grpc-retry-pushback-ms");
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final FakeClock clock = new FakeClock();
    private final RetryDecision decision = new RetryDecision(new Random(1), clock);

    @Test
    void repeatsAnAnswerByItsStatusOnlyAsItsConditionSays() {
        assertThat(retriedStatuses(on(RetryOn.FIVE_XX))).containsExactly(500, 501, 502, 503, 504, 599);
        assertThat(retriedStatuses(on(RetryOn.GATEWAY_ERROR))).containsExactly(502, 503, 504);
        assertThat(retriedStatuses(on(RetryOn.RETRIABLE_4XX))).containsExactly(409);
        assertThat(retriedStatuses(codes(200, 404, 429))).as("an answer below 400 is what was asked for").containsExactly(404, 429);
        assertThat(retriedStatuses(on(RetryOn.CONNECT_FAILURE, RetryOn.RESET, RetryOn.REFUSED_STREAM, RetryOn.UNAVAILABLE))).isEmpty();
    }

    @Test
    void repeatsNoAnswerToAMethodThatIsNotIdempotent() {
        for (Method method : List.of(Method.POST, Method.PATCH)) {
            assertThat(decision.afterAnswer(on(RetryOn.FIVE_XX), method, false, ResponseHead.of(503), true, 0)).isEqualTo(NO);
            assertThat(decision.afterFailure(on(RetryOn.FIVE_XX), method, false, Failure.UPSTREAM_RESET, false, 0)).isEqualTo(NO);
            assertThat(decision.afterFailure(on(RetryOn.FIVE_XX), method, false, Failure.UPSTREAM_RESET, true, 0)).as("unprocessed").isNotEqualTo(NO);
        }
    }

    /** Envoy's {@code wouldRetryFromReset}: the conditions of statuses cover an answer that never came. */
    @Test
    void repeatsWhatGotNoAnswerOnEachConditionThatCoversIt() {
        Set<RetryOn> always = EnumSet.of(RetryOn.RESET, RetryOn.GATEWAY_ERROR, RetryOn.FIVE_XX);
        assertThat(conditionsThatRetry(Failure.CONNECT_FAILED, true)).isEqualTo(with(always, RetryOn.CONNECT_FAILURE));
        assertThat(conditionsThatRetry(Failure.STREAM_REFUSED, true)).isEqualTo(with(always, RetryOn.REFUSED_STREAM));
        assertThat(conditionsThatRetry(Failure.UPSTREAM_CLOSED, true)).isEqualTo(with(always, RetryOn.RESET_BEFORE_REQUEST));
        assertThat(conditionsThatRetry(Failure.UPSTREAM_CLOSED, false)).isEqualTo(always);
        assertThat(conditionsThatRetry(Failure.PER_TRY_TIMEOUT, false)).isEqualTo(always);
        assertThat(conditionsThatRetry(Failure.REQUEST_TIMEOUT, false)).isEmpty();
        assertThat(conditionsThatRetry(Failure.UPSTREAM_PROTOCOL, false)).isEmpty();
    }

    @Test
    void asksARateLimiterAgainOnlyWhenThatIsNamed() {
        ResponseHead limited = ResponseHead.of(503);
        limited.add(FieldName.of("x-envoy-ratelimited"), "true");
        assertThat(answer(on(RetryOn.FIVE_XX), limited)).isEqualTo(NO);
        assertThat(answer(on(RetryOn.ENVOY_RATELIMITED), limited)).isNotEqualTo(NO);
    }

    @Test
    void repeatsAGrpcCallByTheStatusOfATrailersOnlyAnswer() {
        for (RetryOn named : RetryOn.values()) {
            for (int status = 0; status <= 16; status++) {
                boolean retried = call(on(named), trailersOnly(status)) != NO;
                assertThat(retried).as("%s, status %d", named, status).isEqualTo(status != 0 && status == named.grpcStatus());
            }
        }
    }

    @Test
    void repeatsNoGrpcCallOnceItsAnswersHeadHasPassed() {
        ResponseHead head = trailersOnly(14);
        assertThat(decision.afterAnswer(on(RetryOn.UNAVAILABLE), Method.POST, true, head, false, 0)).isEqualTo(NO);
    }

    @Test
    void readsAnAnswerThatIsNotGrpcAsTheStatusItStandsFor() {
        assertThat(call(on(RetryOn.UNAVAILABLE), ResponseHead.of(503))).isNotEqualTo(NO);
        assertThat(call(on(RetryOn.UNAVAILABLE), ResponseHead.of(404))).isEqualTo(NO);
    }

    @Test
    void repeatsAGrpcCallThatFailedWithAStatusThatIsNamed() {
        assertThat(decision.afterFailure(on(RetryOn.UNAVAILABLE), Method.POST, true, Failure.UPSTREAM_RESET, false, 0)).isNotEqualTo(NO);
        assertThat(decision.afterFailure(on(RetryOn.DEADLINE_EXCEEDED), Method.POST, true, Failure.PER_TRY_TIMEOUT, false, 0)).isNotEqualTo(NO);
        assertThat(decision.afterFailure(on(RetryOn.DEADLINE_EXCEEDED), Method.POST, true, Failure.UPSTREAM_RESET, false, 0)).isEqualTo(NO);
        assertThat(decision.afterFailure(on(RetryOn.UNAVAILABLE), Method.POST, false, Failure.UPSTREAM_RESET, false, 0)).as("HTTP").isEqualTo(NO);
    }

    @Test
    void waitsExactlyAsLongAsAGrpcServerSays() {
        assertThat(call(on(RetryOn.UNAVAILABLE), pushback("0"))).isZero();
        assertThat(call(on(RetryOn.UNAVAILABLE), pushback("1500"))).isEqualTo(1500 * SECOND / 1000);
        assertThat(call(on(RetryOn.UNAVAILABLE), pushback("300000"))).isEqualTo(300 * SECOND);
    }

    @Test
    void takesAPushbackThatIsNegativeUnreadableOrTooLongForANo() {
        for (String value : List.of("-1", "", "soon", "1.5", "+1", " ", "99999999999", "300001")) {
            assertThat(call(on(RetryOn.UNAVAILABLE), pushback(value))).as(value).isEqualTo(NO);
        }
    }

    @Test
    void addsTheBackoffToTheSecondsThatAnAnswerAsksFor() {
        RetryDecision scripted = new RetryDecision(new ScriptedRandom(7), clock);
        assertThat(scripted.afterAnswer(on(RetryOn.FIVE_XX), Method.GET, false, retryAfter("2"), true, 0)).isEqualTo(2 * SECOND + 7);
    }

    @Test
    void readsADateInEachOfItsThreeForms() {
        // The fake clock's first moment is 2026-01-01T00:00:00Z, a Thursday.
        for (String date : List.of("Thu, 01 Jan 2026 00:00:30 GMT", "Thursday, 01-Jan-26 00:00:30 GMT", "Thu Jan  1 00:00:30 2026")) {
            assertThat(RetryAfter.nanos(retryAfter(date), clock)).as(date).isEqualTo(30 * SECOND);
        }
        clock.advance(Duration.ofSeconds(31));
        assertThat(RetryAfter.nanos(retryAfter("Thu, 01 Jan 2026 00:00:30 GMT"), clock)).as("a moment that is gone").isZero();
    }

    @Test
    void overlooksARetryAfterThatCannotBeReadAndRefusesOneThatIsTooLong() {
        for (String value : List.of("-1", "soon", "Thu, 32 Jan 2026 00:00:30 GMT", "1.5", "99999999999999999999")) {
            assertThat(RetryAfter.nanos(retryAfter(value), clock)).as(value).isZero();
        }
        assertThat(answer(on(RetryOn.FIVE_XX), retryAfter("300"))).isNotEqualTo(NO);
        assertThat(answer(on(RetryOn.FIVE_XX), retryAfter("301"))).isEqualTo(NO);
    }

    @Test
    void drawsEachPauseFromAllOfItsRangeWhichDoublesUpToALimit() {
        RetryPolicy policy = new RetryPolicy(10, Duration.ZERO, RetryOn.DEFAULT, Duration.ofMillis(25), Duration.ofMillis(250));
        long[] most = {25, 50, 100, 200, 250, 250, 250};
        for (int doublings = 0; doublings < most.length; doublings++) {
            int at = doublings;
            long limit = TimeUnit.MILLISECONDS.toNanos(most[doublings]);
            long[] drawn = LongStream.generate(() ->
                decision.afterFailure(policy, Method.GET, false, Failure.CONNECT_FAILED, true, at)).limit(2000).toArray();
            assertThat(Arrays.stream(drawn).max().orElseThrow()).as("after %d", at).isBetween(limit * 99 / 100, limit);
            assertThat(Arrays.stream(drawn).min().orElseThrow()).as("after %d", at).isBetween(0L, limit / 100);
        }
    }

    private static RetryPolicy on(RetryOn... conditions) {
        Set<RetryOn> named = Set.of(conditions);
        return new RetryPolicy(3, Duration.ZERO, named, named.contains(RetryOn.RETRIABLE_STATUS_CODES) ? Set.of(418) : Set.of(),
            Duration.ofMillis(25), Duration.ofMillis(250));
    }

    private static RetryPolicy codes(Integer... codes) {
        return new RetryPolicy(3, Duration.ZERO, Set.of(RetryOn.RETRIABLE_STATUS_CODES), Set.of(codes), Duration.ZERO, Duration.ZERO);
    }

    private List<Integer> retriedStatuses(RetryPolicy policy) {
        return List.of(200, 204, 301, 400, 404, 408, 409, 429, 499, 500, 501, 502, 503, 504, 599).stream()
            .filter(status -> answer(policy, ResponseHead.of(status)) != NO).toList();
    }

    private Set<RetryOn> conditionsThatRetry(Failure failure, boolean unprocessed) {
        Set<RetryOn> retrying = EnumSet.noneOf(RetryOn.class);
        for (RetryOn each : RetryOn.values()) {
            if (decision.afterFailure(on(each), Method.GET, false, failure, unprocessed, 0) != NO) retrying.add(each);
        }
        return retrying;
    }

    private static Set<RetryOn> with(Set<RetryOn> some, RetryOn another) {
        Set<RetryOn> all = EnumSet.copyOf(some);
        all.add(another);
        return all;
    }

    private long answer(RetryPolicy policy, ResponseHead head) {
        return decision.afterAnswer(policy, Method.GET, false, head, true, 0);
    }

    private long call(RetryPolicy policy, ResponseHead head) {
        return decision.afterAnswer(policy, Method.POST, true, head, true, 0);
    }

    private static ResponseHead trailersOnly(int status) {
        ResponseHead head = ResponseHead.of(200);
        head.add(FieldName.CONTENT_TYPE, "application/grpc");
        head.add(FieldName.of("grpc-status"), Integer.toString(status));
        return head;
    }

    private static ResponseHead pushback(String value) {
        ResponseHead head = trailersOnly(14);
        head.add(PUSHBACK, value);
        return head;
    }

    private static ResponseHead retryAfter(String value) {
        ResponseHead head = ResponseHead.of(503);
        head.add(FieldName.RETRY_AFTER, value);
        return head;
    }
}
