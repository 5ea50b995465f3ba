package mesh.proxy.filter;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import mesh.model.FaultPolicy;
import mesh.model.FaultPolicy.Abort;
import mesh.model.FaultPolicy.Delay;
import mesh.model.Percent;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;
import mesh.time.ScriptedRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FaultDrawTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private final RequestHead request = RequestHead.of("GET", "/", "h");

    @Test
    void aShareIsDrawnInMillionths() {
        FaultDraw draw = delaying(Optional.of(SECOND), "12.5");
        assertThat(draw.delayNanos(request, new ScriptedRandom(124_999))).isEqualTo(SECOND.toNanos());
        assertThat(draw.delayNanos(request, new ScriptedRandom(125_000))).isZero();
    }

    @Test
    void allAndNoneAreNotDrawn() {
        assertThat(delaying(Optional.of(SECOND), "100").delayNanos(request, new ScriptedRandom())).isEqualTo(SECOND.toNanos());
        assertThat(delaying(Optional.of(SECOND), "0").delayNanos(request, new ScriptedRandom())).isZero();
        assertThat(aborting(Optional.of(new FaultPolicy.Http(503)), "100").abort(request, new ScriptedRandom())).isEqualTo(new FaultPolicy.Http(503));
        assertThat(aborting(Optional.of(new FaultPolicy.Http(503)), "0").abort(request, new ScriptedRandom())).isNull();
    }

    @Test
    void inTheLongRunAShareIsThatShare() {
        FaultDraw draw = aborting(Optional.of(new FaultPolicy.Grpc(14)), "2.5");
        Random random = new Random(1);
        int aborted = 0;
        for (int i = 0; i < 100_000; i++) if (draw.abort(request, random) != null) aborted++;
        assertThat(aborted).isBetween(2_350, 2_650);
    }

    @Test
    void nobodyMayAskWhereThePolicyDoesNotSaySo() {
        ask("x-envoy-fault-delay-request", "5000");
        ask("x-envoy-fault-abort-request", "500");
        FaultDraw fixed = new FaultDraw(new FaultPolicy(Optional.of(new Delay(Optional.of(SECOND), Percent.ALL)),
            Optional.of(new Abort(Optional.of(new FaultPolicy.Http(503)), Percent.ALL))));
        assertThat(fixed.delayNanos(request, new ScriptedRandom())).isEqualTo(SECOND.toNanos());
        assertThat(fixed.abort(request, new ScriptedRandom())).isEqualTo(new FaultPolicy.Http(503));
    }

    @ParameterizedTest
    @CsvSource({"500, 500", "0, 0", "-1, 0", "abc, 0", "1000000000, 0", "'', 0"})
    void aRequestAsksForMilliseconds(String asked, long millis) {
        ask("x-envoy-fault-delay-request", asked);
        assertThat(delaying(Optional.empty(), "100").delayNanos(request, new ScriptedRandom())).isEqualTo(Duration.ofMillis(millis).toNanos());
    }

    @Test
    void aRequestMayAskForLessOftenButNotForMore() {
        ask("x-envoy-fault-delay-request", "1000");
        assertThat(delaying(Optional.empty(), "50").delayNanos(request, new ScriptedRandom(499_999))).isPositive();
        ask("x-envoy-fault-delay-request-percentage", "90");
        assertThat(delaying(Optional.empty(), "50").delayNanos(request, new ScriptedRandom(500_000))).isZero();
        request.remove(FieldName.of("x-envoy-fault-delay-request-percentage"));
        ask("x-envoy-fault-delay-request-percentage", "10");
        assertThat(delaying(Optional.empty(), "50").delayNanos(request, new ScriptedRandom(99_999))).isPositive();
        assertThat(delaying(Optional.empty(), "50").delayNanos(request, new ScriptedRandom(100_000))).isZero();
    }

    @Test
    void aRequestAsksForAStatusOfEitherKind() {
        FaultDraw draw = aborting(Optional.empty(), "100");
        assertThat(draw.abort(request, new ScriptedRandom())).isNull();
        ask("x-envoy-fault-abort-grpc-request", "14");
        assertThat(draw.abort(request, new ScriptedRandom())).isEqualTo(new FaultPolicy.Grpc(14));
        ask("x-envoy-fault-abort-request", "429");
        assertThat(draw.abort(request, new ScriptedRandom())).isEqualTo(new FaultPolicy.Http(429));
    }

    private void ask(String name, String value) {
        request.add(FieldName.of(name), value);
    }

    private static FaultDraw delaying(Optional<Duration> fixed, String percent) {
        return new FaultDraw(new FaultPolicy(Optional.of(new Delay(fixed, Percent.parse(percent))), Optional.empty()));
    }

    private static FaultDraw aborting(Optional<FaultPolicy.Status> with, String percent) {
        return new FaultDraw(new FaultPolicy(Optional.empty(), Optional.of(new Abort(with, Percent.parse(percent)))));
    }
}
