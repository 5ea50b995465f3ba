package mesh.control.backup;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import mesh.control.journal.CrashingFiles;
import mesh.control.journal.RecordLog;
import org.junit.jupiter.api.Test;

class BackupTest {

    private final CrashingFiles from = new CrashingFiles(new Random(1));
    private final CrashingFiles into = new CrashingFiles(new Random(2));

    @Test
    void putsBackEveryRecordOfEveryLog() throws IOException {
        byte[] backup = taken();

        assertThat(Backup.restore(new ByteArrayInputStream(backup), into)).isEqualTo(2L * Backup.LOGS.size());
        for (String name : Backup.LOGS) {
            try (RecordLog log = into.log(name)) {
                assertThat(log.takeNew()).containsExactly((name + " 1").getBytes(UTF_8), (name + " 2").getBytes(UTF_8));
            }
        }
    }

    @Test
    void refusesWhatIsCutShortAnywhereAndPutsNothingBack() throws IOException {
        byte[] backup = taken();
        for (int length = 0; length < backup.length; length++) {
            byte[] part = Arrays.copyOf(backup, length);
            assertThatThrownBy(() -> Backup.restore(new ByteArrayInputStream(part), into)).as("of %d bytes", length).isInstanceOf(IOException.class);
        }
        assertThat(into.exists("config.journal")).isFalse();
    }

    @Test
    void refusesWhatWasChangedAnywhereInARecord() throws IOException {
        byte[] backup = taken();
        byte[] changed = backup.clone();
        int at = new String(backup, ISO_8859_1).indexOf("config 2");
        changed[at] ^= 1;

        assertThatThrownBy(() -> Backup.restore(new ByteArrayInputStream(changed), into)).isInstanceOf(IOException.class)
            .hasMessageContaining("damaged: its records are not those that were taken (expected: 10 of them");
    }

    @Test
    void refusesAStoreThatIsNotEmpty() throws IOException {
        byte[] backup = taken();

        assertThatThrownBy(() -> Backup.restore(new ByteArrayInputStream(backup), from)).isInstanceOf(IOException.class)
            .hasMessageContaining("/data/authority.journal: has records already (expected: an empty store");
    }

    private byte[] taken() throws IOException {
        ByteArrayOutputStream backup = new ByteArrayOutputStream();
        List<RecordLog> logs = new ArrayList<>();
        for (String name : Backup.LOGS) {
            RecordLog log = from.log(name);
            log.append((name + " 1").getBytes(UTF_8));
            log.append((name + " 2").getBytes(UTF_8));
            logs.add(log);
        }
        Backup.take(logs, part -> part.writeDelimitedTo(backup));
        for (RecordLog log : logs) {
            log.close();
        }
        return backup.toByteArray();
    }
}
