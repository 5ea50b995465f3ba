package mesh.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DurableFileTest {

    @TempDir
    private Path directory;

    @Test
    void replacesWhatIsThereForItsOwnerAlone() throws IOException {
        Path file = Files.writeString(directory.resolve("a"), "before");
        DurableFile.write(file, "after".getBytes());
        assertThat(file).hasContent("after");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
    }

    @Test
    void whatAKilledProcessLeftHalfIsInNobodysWay() throws IOException {
        Files.writeString(directory.resolve("a.new"), "half");
        DurableFile.write(directory.resolve("a"), "whole".getBytes());
        assertThat(directory.resolve("a")).hasContent("whole");
        assertThat(directory.resolve("a.new")).doesNotExist();
    }

    @Test
    void whatCannotBeWrittenLeavesWhatWasThereAndNothingElse() throws IOException {
        Path occupied = Files.createDirectories(directory.resolve("a/kept")).getParent();
        assertThatThrownBy(() -> DurableFile.write(occupied, "after".getBytes())).isInstanceOf(IOException.class);
        assertThat(occupied.resolve("kept")).exists();
        assertThat(directory.resolve("a.new")).doesNotExist();
    }

    @Test
    void deletesWhatMayNotBeThere() throws IOException {
        Path file = Files.writeString(directory.resolve("a"), "before");
        DurableFile.delete(file);
        DurableFile.delete(file);
        assertThat(file).doesNotExist();
    }
}
