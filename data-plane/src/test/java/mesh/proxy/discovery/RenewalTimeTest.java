package mesh.proxy.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import mesh.pki.Svid;
import mesh.pki.TestPki;
import mesh.time.FakeClock;
import mesh.time.ScriptedRandom;
import org.junit.jupiter.api.Test;

class RenewalTimeTest {

    private final FakeClock clock = new FakeClock();
    private final TestPki pki = TestPki.create(clock);

    @Test
    void isAnHourBeforeTheEndOfALongLife() {
        assertThat(left(Duration.ofHours(24), 0)).isEqualTo(Duration.ofHours(23));
    }

    @Test
    void isAtHalfOfAShortLifeThoughItsBeginningLiesInThePast() {
        assertThat(left(Duration.ofSeconds(40), 0)).isEqualTo(Duration.ofSeconds(20));
    }

    @Test
    void chanceMovesItEarlierByATenthAtMost() {
        assertThat(left(Duration.ofHours(24), Duration.ofMinutes(6).toMillis())).isEqualTo(Duration.ofHours(23).minusMinutes(6));
    }

    @Test
    void isNowWhenItIsTooLate() {
        Svid svid = pki.svid("web", Duration.ofMinutes(10));
        clock.advance(Duration.ofMinutes(11));
        assertThat(RenewalTime.of(svid, clock.instant(), new ScriptedRandom(0)).left(clock.instant())).isZero();
    }

    private Duration left(Duration life, long jitterMillis) {
        Instant now = clock.instant();
        return RenewalTime.of(pki.svid("web", life), now, new ScriptedRandom(jitterMillis)).left(now);
    }
}
