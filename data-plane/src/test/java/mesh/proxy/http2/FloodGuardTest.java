package mesh.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FloodGuardTest {

    private static final int MOST = Http2Limits.SERVER.controlPerSecond();

    private FloodGuard guard;

    @BeforeEach
    void make() {
        guard = new FloodGuard(Http2Limits.SERVER);
    }

    @Test
    void suffersSoManyControlFramesASecondAndNoMore() {
        for (int i = 0; i < MOST; i++) assertThat(guard.control(0)).isFalse();
        assertThat(guard.control(TimeUnit.SECONDS.toNanos(1) - 1)).isTrue();
        assertThat(guard.control(TimeUnit.SECONDS.toNanos(1))).isFalse();
    }

    @Test
    void suffersAnyNumberThatComesWithBodies() {
        for (int i = 0; i < 10 * MOST; i++) {
            guard.bodyMoved();
            assertThat(guard.control(0)).isFalse();
        }
    }

    @Test
    void bodiesEarnNothingForLater() {
        for (int i = 0; i < 10 * MOST; i++) guard.bodyMoved();
        for (int i = 0; i < MOST; i++) assertThat(guard.control(0)).isFalse();
        assertThat(guard.control(0)).isTrue();
    }

    @Test
    void suffersResetsThatAreFewOfManyStreams() {
        for (int i = 0; i < 10_000; i++) {
            guard.streamOpened();
            if (i % 3 == 0) assertThat(guard.earlyReset()).as("after %d streams", i + 1).isFalse();
        }
    }

    @Test
    void knowsAPeerThatResetsMostOfWhatItOpens() {
        for (int i = 0; i < Http2Limits.SERVER.earlyResets(); i++) {
            guard.streamOpened();
            assertThat(guard.earlyReset()).isFalse();
        }
        guard.streamOpened();
        assertThat(guard.earlyReset()).isTrue();
    }
}
