package mesh.proxy.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import mesh.model.BanList;
import mesh.model.SpiffeId;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BanFileTest {

    private static final BanList BANS =
        new BanList(Set.of(SpiffeId.parse("spiffe://mesh.local/web")), Set.of(new BigInteger("1f00", 16), BigInteger.TEN));

    @TempDir
    private Path directory;
    private Path file;

    @BeforeEach
    void place() {
        file = directory.resolve("bans");
    }

    @Test
    void readsWhatItWrote() throws IOException {
        BanFile.write(file, BANS);
        assertThat(BanFile.read(file)).isEqualTo(BANS);
        assertThat(Files.readString(file)).isEqualTo("id spiffe://mesh.local/web\nserial 1f00\nserial a\n");
    }

    @Test
    void isGoneWithTheLastBan() throws IOException {
        BanFile.write(file, BANS);
        BanFile.write(file, BanList.NONE);
        assertThat(file).doesNotExist();
        assertThat(BanFile.read(file)).isEqualTo(BanList.NONE);
    }

    @Test
    void saysWhichLineIsNoneOfOurs() throws IOException {
        Files.writeString(file, "serial 1f\nid web\n");
        assertThatThrownBy(() -> BanFile.read(file)).isInstanceOf(IOException.class)
            .hasMessageStartingWith(file + ":2: \"web\" (expected: a SPIFFE id such as spiffe://mesh.local/payments)");
        Files.writeString(file, "serials 1f\n");
        assertThatThrownBy(() -> BanFile.read(file)).hasMessageContaining(":1: \"serials 1f\" (expected: \"id\" or \"serial\"");
    }
}
