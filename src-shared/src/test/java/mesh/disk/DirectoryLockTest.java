package mesh.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryLockTest {

    @TempDir
    private Path directory;

    @Test
    void isOnesAloneUntilItIsGivenBack() throws IOException {
        DirectoryLock first = DirectoryLock.take(directory, "sidecar");
        assertThatThrownBy(() -> DirectoryLock.take(directory, "sidecar")).isInstanceOf(IOException.class)
            .hasMessage(directory + ": in use by another sidecar, process " + ProcessHandle.current().pid() + " (expected: one at a time)");
        first.close();
        try (DirectoryLock next = DirectoryLock.take(directory, "sidecar")) {
            assertThat(next).isNotSameAs(first);
        }
    }
}
