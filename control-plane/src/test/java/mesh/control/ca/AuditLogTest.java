package mesh.control.ca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import mesh.control.journal.CorruptFileException;
import mesh.control.journal.CrashingFiles;
import mesh.control.journal.Journal;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;

class AuditLogTest {

    private static final String FILE = "audit.journal";

    private final FakeClock clock = new FakeClock();
    private final CrashingFiles files = new CrashingFiles(new Random(1));

    @Test
    void chainsEachLineToTheOneBeforeAlsoOverARestart() throws Exception {
        add("web", "certificate issued");
        add("loopback", "apply config");

        List<byte[]> lines = lines();
        JsonObject first = new JsonObject(text(lines.get(0)));
        assertThat(first.getString("who")).isEqualTo("web");
        assertThat(first.getString("what")).isEqualTo("certificate issued");
        assertThat(first.getString("at")).isEqualTo("2026-01-01T00:00:00Z");
        JsonObject second = new JsonObject(text(lines.get(1)));
        assertThat(second.getInteger("number")).isEqualTo(2);
        assertThat(second.getString("previous"))
            .isEqualTo(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(lines.get(0))));
    }

    @Test
    void refusesAChainThatALineWasTakenOutOf() throws IOException {
        add("a", "1");
        add("b", "2");
        add("c", "3");
        List<byte[]> lines = new ArrayList<>(lines());
        lines.remove(1);
        replace(lines);

        assertThatThrownBy(() -> AuditLog.open(files, clock)).isInstanceOf(CorruptFileException.class)
            .hasMessageContaining("/data/audit.journal").hasMessageContaining("breaks at line 2");
    }

    @Test
    void refusesAChainOfWhichALineWasChanged() throws IOException {
        add("a", "1");
        add("b", "2");
        List<byte[]> lines = new ArrayList<>(lines());
        lines.set(0, text(lines.get(0)).replace("\"a\"", "\"x\"").getBytes(StandardCharsets.UTF_8));
        replace(lines);

        assertThatThrownBy(() -> AuditLog.open(files, clock)).isInstanceOf(CorruptFileException.class);
    }

    @Test
    void refusesWhatIsNoLineAtAll() throws IOException {
        add("a", "1");
        replace(List.of("nonsense".getBytes(StandardCharsets.UTF_8)));

        assertThatThrownBy(() -> AuditLog.open(files, clock)).isInstanceOf(CorruptFileException.class)
            .hasMessageContaining("breaks at line 1");
    }

    @Test
    void verifiesWhatIsOnTheDiskAndThatNothingIsMissingAtItsEnd() throws IOException {
        try (AuditLog log = AuditLog.open(files, clock)) {
            log.add("a", "1", "");
            AuditLog.Head first = log.head();
            log.add("b", "2", "");
            assertThat(log.verify(Optional.empty())).isEmpty();
            assertThat(log.verify(Optional.of(first))).isEmpty();
            AuditLog.Head never = new AuditLog.Head(2, "0".repeat(64));
            assertThat(log.verify(Optional.of(never))).hasValueSatisfying(why -> assertThat(why).contains("is not in it"));

            byte[] whole = files.content(FILE);
            replace(lines().subList(0, 1));
            assertThat(log.verify(Optional.empty())).hasValueSatisfying(why -> assertThat(why).startsWith("it ends with line 1, "));
            files.replaceContent(FILE, whole);
            List<byte[]> lines = new ArrayList<>(lines());
            lines.set(0, text(lines.get(0)).replace("\"a\"", "\"x\"").getBytes(StandardCharsets.UTF_8));
            replace(lines);
            assertThat(log.verify(Optional.empty())).hasValueSatisfying(why -> assertThat(why).startsWith("the chain breaks at line 2"));
        }
    }

    @Test
    void namesAHeadThatAShortenedLogNoLongerHas() throws IOException {
        add("a", "1");
        add("b", "2");
        AuditLog.Head head;
        try (AuditLog log = AuditLog.open(files, clock)) {
            head = log.head();
        }
        replace(lines().subList(0, 1));
        try (AuditLog shortened = AuditLog.open(files, clock)) {
            assertThat(shortened.verify(Optional.empty())).as("whole in itself").isEmpty();
            assertThat(shortened.verify(Optional.of(head))).isPresent();
        }
    }

    private void add(String who, String what) throws IOException {
        try (AuditLog log = AuditLog.open(files, clock)) {
            log.add(who, what, "");
        }
    }

    private List<byte[]> lines() throws IOException {
        try (Journal journal = Journal.open(files, FILE)) {
            return journal.takeNew();
        }
    }

    private void replace(List<byte[]> lines) throws IOException {
        try (Journal journal = Journal.open(files, FILE)) {
            journal.keepOnly(lines);
        }
    }

    private static String text(byte[] line) {
        return new String(line, StandardCharsets.UTF_8);
    }
}
