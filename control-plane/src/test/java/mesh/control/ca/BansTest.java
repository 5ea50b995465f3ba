package mesh.control.ca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import mesh.control.ca.Bans.Ban;
import mesh.control.ca.Bans.Whom;
import mesh.control.journal.CorruptFileException;
import mesh.control.journal.CrashingFiles;
import mesh.control.journal.Journal;
import mesh.model.SpiffeId;
import org.junit.jupiter.api.Test;

class BansTest {

    private static final SpiffeId WEB = SpiffeId.parse("spiffe://mesh.local/web");
    private static final Whom IDENTITY = new Whom(Optional.of(WEB), Optional.empty());
    private static final Whom SERIAL = new Whom(Optional.empty(), Optional.of(new BigInteger("1f", 16)));

    private final CrashingFiles files = new CrashingFiles(new Random(1));

    @Test
    void areThereAfterARestart() throws IOException {
        try (Bans bans = Bans.open(files)) {
            bans.add(ban(IDENTITY));
            bans.add(ban(SERIAL));
        }
        try (Bans again = Bans.open(files)) {
            assertThat(again.list()).containsExactly(ban(IDENTITY), ban(SERIAL));
            assertThat(again.current().bans(WEB, BigInteger.TEN)).isTrue();
            assertThat(again.current().bans(SpiffeId.parse("spiffe://mesh.local/other"), new BigInteger("1f", 16))).isTrue();
            assertThat(again.current().bans(SpiffeId.parse("spiffe://mesh.local/other"), BigInteger.TEN)).isFalse();
            assertThat(again.remove(IDENTITY)).isTrue();
            assertThat(again.remove(IDENTITY)).isFalse();
        }
        assertThat(Bans.open(files).list()).containsExactly(ban(SERIAL));
    }

    @Test
    void oneThatCouldNotBeKeptIsNotInForce() throws IOException {
        Bans bans = Bans.open(files);
        files.spaceLeft(10);
        assertThatThrownBy(() -> bans.add(ban(IDENTITY))).isInstanceOf(IOException.class);
        assertThat(bans.current().isEmpty()).isTrue();
    }

    @Test
    void areOfExactlyOneOfTheTwo() {
        assertThatThrownBy(() -> new Whom(Optional.empty(), Optional.empty())).hasMessage("spiffe_id and serial: neither (expected: one of them)");
        assertThatThrownBy(() -> new Whom(Optional.of(WEB), Optional.of(BigInteger.ONE))).hasMessageContaining("both");
    }

    @Test
    void aReasonIsOneLine() {
        assertThatThrownBy(() -> new Ban(IDENTITY, "stolen\nby whom", "test", Instant.EPOCH)).hasMessageStartingWith("reason: has a control character");
        assertThatThrownBy(() -> new Ban(IDENTITY, "x".repeat(1001), "test", Instant.EPOCH)).hasMessageStartingWith("reason: 1001 characters");
    }

    @Test
    void aListThatIsNoneStopsTheStart() throws IOException {
        try (Journal journal = Journal.open(files, "bans.journal")) {
            journal.append("[{}]".getBytes(StandardCharsets.UTF_8));
        }
        assertThatThrownBy(() -> Bans.open(files)).isInstanceOf(CorruptFileException.class)
            .hasMessageContaining("/data/bans.journal: not a list of bans");
    }

    private static Ban ban(Whom whom) {
        return new Ban(whom, "stolen", "test", Instant.EPOCH);
    }
}
