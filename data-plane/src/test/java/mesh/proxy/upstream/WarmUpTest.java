package mesh.proxy.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import mesh.model.SlowStart;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WarmUpTest {

    private final FakeClock clock = new FakeClock();

    /** Envoy's formula: weight times max(least, (age / window) ^ (1 / aggression)), and never younger than a second. */
    @ParameterizedTest
    @CsvSource({
        "1, 10, 0, 0.1", "1, 10, 10, 0.1", "1, 10, 20, 0.2", "1, 10, 50, 0.5", "1, 10, 99, 0.99", "1, 10, 100, 1", "1, 10, 1000, 1",
        "1, 0, 0, 0.01", "2, 10, 25, 0.5", "0.5, 0, 50, 0.25", "1, 60, 50, 0.6"})
    void growsByEnvoysFormula(double aggression, int least, int seconds, double share) {
        WarmUp warmUp = WarmUp.fromNow(new SlowStart(Duration.ofSeconds(100), aggression, least), clock);
        clock.advance(Duration.ofSeconds(seconds));
        assertThat(warmUp.share()).isCloseTo(share, within(1e-9));
    }

    @Test
    void beginsAnewOnceItIsWellAgainAndNotForANewPolicy() {
        SlowStart policy = SlowStart.over(Duration.ofSeconds(100));
        WarmUp warmUp = WarmUp.over(policy, clock);
        assertThat(warmUp.share()).isEqualTo(1);
        warmUp.begin();
        clock.advance(Duration.ofSeconds(40));
        assertThat(warmUp.share()).isCloseTo(0.4, within(1e-9));
        assertThat(warmUp.under(policy)).isSameAs(warmUp);
        assertThat(warmUp.under(SlowStart.over(Duration.ofSeconds(80))).share()).isCloseTo(0.5, within(1e-9));
    }
}
