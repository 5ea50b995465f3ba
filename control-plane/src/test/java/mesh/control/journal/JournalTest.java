package mesh.control.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JournalTest {

    private static final String NAME = "test.journal";

    private CrashingFiles files = new CrashingFiles(new Random(1));

    @Test
    void recoversEveryRecordInOrder() throws IOException {
        append("one", "two", "");

        assertThat(recovered()).containsExactly("one", "two", "");
    }

    @Test
    void cutsATornTailAtEveryLength() throws IOException {
        append("one", "two");
        byte[] whole = files.content(NAME);
        int second = whole.length - Frame.OVERHEAD - "two".length();
        for (int length = second; length < whole.length; length++) {
            files.replaceContent(NAME, Arrays.copyOf(whole, length));

            assertThat(recovered()).as("cut to %d of %d bytes", length, whole.length).containsExactly("one");
            assertThat(files.content(NAME)).as("file after recovery").hasSize(second);
        }
    }

    @Test
    void refusesEveryFlippedByteBeforeTheLastRecord() throws IOException {
        append("one", "two", "three");
        byte[] whole = files.content(NAME);
        int last = whole.length - Frame.OVERHEAD - "three".length();
        for (int at = 0; at < last; at++) {
            byte[] damaged = whole.clone();
            damaged[at] ^= 0x40;
            files.replaceContent(NAME, damaged);

            assertThatThrownBy(() -> Journal.open(files, NAME)).as("byte %d flipped", at)
                .isInstanceOf(CorruptFileException.class).hasMessageContaining("/data/test.journal");
            assertThat(files.content(NAME)).as("a refused file is left as it is").isEqualTo(damaged);
        }
    }

    @Test
    void saysWhereTheDamageIsAndWhatToDo() throws IOException {
        append("one", "two");
        byte[] damaged = files.content(NAME);
        damaged[20] ^= 1;
        files.replaceContent(NAME, damaged);

        assertThatThrownBy(() -> Journal.open(files, NAME)).hasMessage("/data/test.journal: the record at byte 8 is damaged, and good ones"
            + " follow at byte 23 (a crash only tears the end); restore the file from a backup, or keep what is before the damage with"
            + " `truncate -s 8 /data/test.journal`");
    }

    @Test
    void refusesWhenFullAndGoesOnWhenSpaceReturns() throws IOException {
        Journal journal = Journal.open(files, NAME);
        journal.append(bytes("one"));
        files.spaceLeft(5);
        assertThatThrownBy(() -> journal.append(bytes("two"))).isInstanceOf(IOException.class).hasMessageContaining("No space left");
        files.spaceLeft(1000);
        journal.append(bytes("three"));

        assertThat(recovered()).containsExactly("one", "three");
    }

    @Test
    void clearsUpBeforeTheNextWriteWhenForcingFailed() throws IOException {
        Journal journal = Journal.open(files, NAME);
        journal.append(bytes("one"));
        files.failForces(2);
        assertThatThrownBy(() -> journal.append(bytes("two"))).hasMessageContaining("Input/output error");
        journal.append(bytes("three"));

        assertThat(recovered()).containsExactly("one", "three");
    }

    @Test
    void keepsTheOldRecordsWhenARewriteFails() throws IOException {
        Journal journal = Journal.open(files, NAME);
        journal.append(bytes("one"));
        files.spaceLeft(3);
        assertThatThrownBy(() -> journal.keepOnly(List.of(bytes("one, again")))).hasMessageContaining("No space left");
        files.spaceLeft(1000);
        journal.append(bytes("two"));

        assertThat(recovered()).containsExactly("one", "two");
    }

    /** A rename that was not forced may be undone: what is appended to the new file must not be acknowledged before. */
    @Test
    void forcesTheDirectoryBeforeItAcknowledgesInARewrittenFile() throws IOException {
        for (int seed = 0; seed < 50; seed++) {
            files = new CrashingFiles(new Random(seed));
            Journal journal = Journal.open(files, NAME);
            journal.append(bytes("one"));
            journal.keepOnly(List.of(bytes("one")));
            journal.append(bytes("two"));
            files = files.restarted();

            assertThat(recovered()).as("seed %d", seed).containsExactly("one", "two");
        }
    }

    private void append(String... records) throws IOException {
        Journal journal = Journal.open(files, NAME);
        for (String record : records) {
            journal.append(bytes(record));
        }
        journal.close();
    }

    private List<String> recovered() throws IOException {
        List<String> texts = new ArrayList<>();
        try (Journal journal = Journal.open(files, NAME)) {
            journal.takeNew().forEach(record -> texts.add(new String(record, StandardCharsets.UTF_8)));
        }
        return texts;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
