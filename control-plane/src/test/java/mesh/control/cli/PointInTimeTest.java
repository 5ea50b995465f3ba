package mesh.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PointInTimeTest {

    @ParameterizedTest
    @CsvSource({
        "2026-11-28T14:03:00Z, 2026-11-28T14:03:00Z",
        "2026-11-28T14:03:00+01:00, 2026-11-28T13:03:00Z",
        "14:03, 2026-11-28T13:03:00Z",
        "14:03:30, 2026-11-28T13:03:30Z",
    })
    void readsAFullTimeOrOneOfToday(String text, Instant meant) {
        InstantSource now = InstantSource.fixed(Instant.parse("2026-11-27T23:30:00Z"));
        assertThat(PointInTime.parse(text, now, ZoneId.of("Europe/Berlin"))).as("it is the 28th there").isEqualTo(meant);
    }
}
