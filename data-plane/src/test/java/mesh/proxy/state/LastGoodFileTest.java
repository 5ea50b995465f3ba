package mesh.proxy.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import mesh.model.Address;
import mesh.model.CircuitBreakerPolicy;
import mesh.model.DownstreamTls;
import mesh.model.MeshSnapshot;
import mesh.model.SpiffeId;
import mesh.model.UpstreamTls;
import mesh.pki.TestPki;
import mesh.proxy.Snapshots;
import mesh.time.FakeClock;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LastGoodFileTest {

    private static final LastGood.Owner OWNER = new LastGood.Owner("payments-1", SpiffeId.parse("spiffe://mesh.local/payments"));
    private static final Instant AT = Instant.parse("2026-11-23T20:05:07.123456Z");

    private final MeshSnapshot snapshot = Snapshots.http().version(42).service("payments")
        .downstreamTls(new DownstreamTls(Set.of(SpiffeId.parse("spiffe://mesh.local/web"))))
        .upstreamTls(new UpstreamTls(Set.of()))
        .breaker(CircuitBreakerPolicy.DEFAULT)
        .trust(TestPki.create(new FakeClock()).bundle())
        .to(Address.parse("10.0.0.1:80"), 3)
        .build();

    @TempDir
    private Path directory;
    private Path path;
    private LastGoodFile file;
    private byte[] good;

    @BeforeEach
    void write() throws IOException {
        path = directory.resolve("last-good.xds");
        file = new LastGoodFile(path);
        file.write(new LastGood(OWNER, AT, snapshot));
        good = Files.readAllBytes(path);
    }

    @Test
    void givesBackWhatWasKept() throws IOException {
        assertThat(file.read(OWNER)).contains(new LastGood(OWNER, AT, snapshot));
        assertThat(new LastGoodFile(directory.resolve("another")).read(OWNER)).isEmpty();
    }

    @Test
    void isReadByItsOwnerAloneAndLeavesNothingBesideIt() throws IOException {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path))).isEqualTo("rw-------");
        try (var all = Files.list(directory)) {
            assertThat(all).containsExactly(path);
        }
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r--r--"));
        assertThatThrownBy(() -> file.read(OWNER)).isInstanceOf(IOException.class).hasMessageContaining("chmod go=");
    }

    @Test
    void tellsPeopleWhatItIs() {
        List<String> head = new String(good, StandardCharsets.ISO_8859_1).lines().limit(7).toList();
        assertThat(head.get(0)).isEqualTo("mesh-sidecar-configuration 1");
        assertThat(head.get(1)).matches("sha256 [0-9a-f]{64}");
        assertThat(head.subList(2, 7)).containsExactly(
            "node payments-1", "identity spiffe://mesh.local/payments", "version 42", "applied 2026-11-23T20:05:07.123456Z", "");
    }

    @Test
    void refusesEveryTruncation() throws IOException {
        for (int length = 0; length < good.length; length++) {
            refuses(Arrays.copyOf(good, length), path.toString());
        }
    }

    @Test
    void refusesEveryByteThatIsAnother() throws IOException {
        for (int i = 0; i < good.length; i++) {
            for (int bit : new int[] {0, 5, 7}) {
                byte[] damaged = good.clone();
                damaged[i] ^= (byte) (1 << bit);
                refuses(damaged, path.toString());
            }
        }
    }

    @Test
    void refusesWhatStandsBehindItsEnd() throws IOException {
        refuses(Arrays.copyOf(good, good.length + 1), "damaged");
    }

    @Test
    void refusesAnotherFormatByItsNumber() throws IOException {
        String text = new String(good, StandardCharsets.ISO_8859_1).replaceFirst("configuration 1", "configuration 2");
        refuses(text.getBytes(StandardCharsets.ISO_8859_1), "format 2 (expected: 1)");
    }

    @Test
    void isNobodyElses() {
        for (LastGood.Owner other : List.of(
            new LastGood.Owner("payments-2", OWNER.identity()),
            new LastGood.Owner("payments-1", SpiffeId.parse("spiffe://mesh.local/web")),
            new LastGood.Owner("payments-1", SpiffeId.parse("spiffe://other.local/payments")),
            new LastGood.Owner("payments-1\nidentity spiffe://mesh.local/payments", OWNER.identity()))) {
            assertThatThrownBy(() -> file.read(other)).isInstanceOf(IOException.class)
                .hasMessageContaining("is for node payments-1 identity spiffe://mesh.local/payments (expected: ");
        }
    }

    @Test
    void aNodeMayBeCalledAnything() throws IOException {
        LastGood odd = new LastGood(new LastGood.Owner("päy\nversion 1 %0a", OWNER.identity()), AT, snapshot);
        file.write(odd);
        assertThat(file.read(odd.owner())).contains(odd);
    }

    @Test
    void readsNoMoreThanItMayBeLong() throws IOException {
        try (RandomAccessFile large = new RandomAccessFile(path.toFile(), "rw")) {
            large.setLength(1L << 40);
        }
        assertThatThrownBy(() -> file.read(OWNER)).isInstanceOf(IOException.class).hasMessageContaining("larger than 67108864 bytes");
    }

    private void refuses(byte[] content, String why) throws IOException {
        Files.write(path, content);
        assertThatThrownBy(() -> file.read(OWNER)).isInstanceOf(IOException.class).hasMessageContaining(why);
    }
}
