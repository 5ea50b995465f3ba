package mesh.control.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RolloutPlanTest {

    private static final Duration BAKE = Duration.ofSeconds(30);

    @Test
    void readsWavesAndConditions() {
        assertThat(RolloutPlan.parse(List.of("10%", "50%", "100%"), BAKE, List.of("error-rate>2.5%", "p99>500ms")))
            .isEqualTo(new RolloutPlan(List.of(10.0, 50.0, 100.0), BAKE, false, 2.5, Duration.ofMillis(500)));
        assertThat(RolloutPlan.parse(List.of("100%"), BAKE, List.of())).isEqualTo(new RolloutPlan(List.of(100.0), BAKE, true, 100, Duration.ZERO));
    }

    @ParameterizedTest
    @CsvSource({
        "10%, rejections, 'waves: [10.0] (expected: the last is 100%)'",
        "50%;10%;100%, rejections, waves: ",
        "0%;100%, rejections, waves: ",
        "ten, rejections, 'waves: \"ten\" (expected: a percentage such as 10%)'",
        "100%, errors, 'abort_on: \"errors\" (expected: rejections, error-rate>2% or p99>500ms)'",
        "100%, error-rate>many, abort_on: ",
    })
    void tellsWhatIsNone(String waves, String condition, String told) {
        assertThatThrownBy(() -> RolloutPlan.parse(List.of(waves.split(";")), BAKE, List.of(condition)))
            .isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith(told);
    }
}
