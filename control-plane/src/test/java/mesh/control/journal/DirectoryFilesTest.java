package mesh.control.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryFilesTest {

    @TempDir
    Path temp;

    @Test
    void keepsAJournalOnARealDisk() throws IOException {
        try (DirectoryFiles files = DirectoryFiles.open(temp.resolve("data")); Journal journal = Journal.open(files, "j")) {
            journal.append(new byte[] {1});
            journal.keepOnly(List.of(new byte[] {1}));
            journal.append(new byte[] {2});
        }
        try (DirectoryFiles files = DirectoryFiles.open(temp.resolve("data")); Journal journal = Journal.open(files, "j")) {
            assertThat(journal.takeNew()).containsExactly(new byte[] {1}, new byte[] {2});
        }
    }

    @Test
    void cutsATornTailOnARealDisk() throws IOException {
        try (DirectoryFiles files = DirectoryFiles.open(temp.resolve("data")); Journal journal = Journal.open(files, "j")) {
            journal.append(new byte[] {1});
        }
        Path file = temp.resolve("data/j");
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, new byte[] {'M', 'R', 'E'}, java.nio.file.StandardOpenOption.APPEND);
        try (DirectoryFiles files = DirectoryFiles.open(temp.resolve("data")); Journal journal = Journal.open(files, "j")) {
            assertThat(Files.readAllBytes(file)).isEqualTo(whole);
            journal.append(new byte[] {2});
            assertThat(Files.size(file)).isEqualTo(whole.length + Frame.OVERHEAD + 1);
        }
    }

    @Test
    void isForTheOwnerAlone() throws IOException {
        try (DirectoryFiles files = DirectoryFiles.open(temp.resolve("data")); Journal journal = Journal.open(files, "j")) {
            assertThat(mode(temp.resolve("data"))).isEqualTo("rwx------");
            assertThat(mode(temp.resolve("data/j"))).isEqualTo("rw-------");
            assertThat(mode(temp.resolve("data/lock"))).isEqualTo("rw-------");
        }
    }

    @Test
    void refusesADirectoryThatOthersCanWriteTo() throws IOException {
        Path open = Files.createDirectory(temp.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));

        assertThatThrownBy(() -> DirectoryFiles.open(open)).isInstanceOf(IOException.class).hasMessageContaining("chmod 700");
    }

    @Test
    void isOpenOnce() throws IOException {
        Path data = temp.resolve("data");
        try (DirectoryFiles first = DirectoryFiles.open(data)) {
            assertThatThrownBy(() -> DirectoryFiles.open(data)).hasMessage(data + ": in use by another control plane, process "
                + ProcessHandle.current().pid() + " (expected: one at a time)");
        }
        DirectoryFiles.open(data).close();
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
