package mesh.control.ports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdminTokenTest {

    @TempDir
    private Path dir;

    @Test
    void isMadeOnceForItsOwnerAlone() throws IOException {
        AdminToken token = AdminToken.open(dir, new Random(1));
        Path file = dir.resolve(AdminToken.FILE);
        String text = Files.readString(file).strip();

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
        assertThat(text).matches("[A-Za-z0-9_-]{43}");
        assertThat(token.isShownBy("Bearer " + text)).isTrue();
        assertThat(token.isShownBy("bearer  " + text + " ")).isTrue();
        assertThat(AdminToken.open(dir, new Random(2)).isShownBy("Bearer " + text)).as("the same after a restart").isTrue();
    }

    @Test
    void isNotNeededByWhoShowsNothing() throws IOException {
        assertThat(AdminToken.open(dir, new Random(1)).isShownBy(null)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Bearer", "Bearer ", "Bearer guess", "Basic dXNlcjpwYXNz", "Bearer tttttttttttttttttttttttttttttttttttttttttttX"})
    void refusesWhatIsNotIt(String header) {
        AdminToken token = AdminToken.of("t".repeat(43));
        assertThatThrownBy(() -> token.isShownBy(header)).isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith("authorization: ")
            .hasMessageNotContaining("ttt");
    }

    @Test
    void namesAFileThatHoldsNone() throws IOException {
        Files.writeString(dir.resolve(AdminToken.FILE), "secret\n");
        assertThatThrownBy(() -> AdminToken.open(dir, new Random(1))).isInstanceOf(IOException.class)
            .hasMessageStartingWith(dir.resolve(AdminToken.FILE) + ": no token (expected: at least 43 characters");
    }
}
