package mesh.proxy.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import mesh.config.SidecarConfig;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.Problem;
import mesh.time.FakeClock;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSourceTest {

    private static final Duration TAKEN = FileSource.INTERVAL.plus(FileSource.SETTLE);

    @TempDir
    private Path directory;
    private Path file;
    private final FakeClock clock = new FakeClock();
    private final List<Integer> ports = new ArrayList<>();
    private final List<Long> versions = new ArrayList<>();
    private int unreadable;
    private List<Problem> answer = List.of();

    @BeforeEach
    void nameTheFile() {
        file = directory.resolve("mesh.yaml");
    }

    @Test
    void takesTheFileAsItIsAtTheStart() throws IOException {
        write(9001);
        assertThat(source().load()).isEqualTo(new ApplyResult.Applied(1));
        assertThat(ports).containsExactly(9001);
    }

    @Test
    void aBadFileAtTheStartIsRejectedWithEveryProblem() throws IOException {
        Files.writeString(file, "proxy:\n  listen: 8080\n  balencer: random\n");
        assertThat(((ApplyResult.Rejected) source().load()).problems()).hasSize(3);
        assertThat(unreadable).isEqualTo(1);
        assertThat(ports).isEmpty();
    }

    @Test
    void noFileAtTheStartIsAProblemThatNamesIt() {
        assertThat(((ApplyResult.Rejected) source().load()).problems()).singleElement().asString()
            .isEqualTo(file + " no such file (expected: a readable file)");
    }

    @Test
    void aChangeIsTakenAtTheLookThatConfirmsIt() throws IOException {
        followed(9001);
        write(9002);
        clock.advance(TAKEN.minusNanos(1));
        assertThat(ports).containsExactly(9001);
        clock.advance(Duration.ofNanos(1));
        assertThat(ports).containsExactly(9001, 9002);
        assertThat(versions).containsExactly(1L, 2L);
    }

    @Test
    void aFileThatIsStillBeingWrittenIsLeftAlone() throws IOException {
        followed(9001);
        Files.writeString(file, yaml(9002) + "    - addr: \"localhost:90");
        clock.advance(FileSource.INTERVAL);
        Files.writeString(file, yaml(9002) + "    - addr: \"localhost:9003\"\n");
        clock.advance(FileSource.SETTLE);
        assertThat(ports).containsExactly(9001);
        clock.advance(FileSource.SETTLE);
        assertThat(ports).containsExactly(9001, 9002);
        assertThat(unreadable).isZero();
    }

    @Test
    void aBadChangeIsRefusedOnceAndALaterGoodOneTaken() throws IOException {
        followed(9001);
        Files.writeString(file, "proxy: 1");
        clock.advance(Duration.ofSeconds(10));
        assertThat(unreadable).isEqualTo(1);
        assertThat(ports).containsExactly(9001);
        write(9002);
        clock.advance(TAKEN);
        assertThat(ports).containsExactly(9001, 9002);
    }

    @Test
    void aChangeTheSinkRefusesLeavesTheVersion() throws IOException {
        followed(9001);
        answer = List.of(new Problem("proxy.listen", "in use"));
        write(9002);
        clock.advance(Duration.ofSeconds(10));
        answer = List.of();
        write(9003);
        clock.advance(TAKEN);
        assertThat(ports).containsExactly(9001, 9002, 9003);
        assertThat(versions).containsExactly(1L, 2L, 2L);
    }

    @Test
    void aFileMovedIntoPlaceIsTaken() throws IOException {
        followed(9001);
        Path fresh = directory.resolve("mesh.yaml.new");
        Files.writeString(fresh, yaml(9002));
        Files.setLastModifiedTime(fresh, Files.getLastModifiedTime(file));
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        clock.advance(TAKEN);
        assertThat(ports).containsExactly(9001, 9002);
    }

    /** A ConfigMap: {@code mesh.yaml -> ..data/mesh.yaml}, and {@code ..data} is a link that is replaced. */
    @Test
    void aLinkTurnedToAnotherDirectoryIsTaken() throws IOException {
        Path first = Files.createDirectory(directory.resolve("..1"));
        Path second = Files.createDirectory(directory.resolve("..2"));
        Files.writeString(first.resolve("mesh.yaml"), yaml(9001));
        Files.writeString(second.resolve("mesh.yaml"), yaml(9002));
        Path data = Files.createSymbolicLink(directory.resolve("..data"), first);
        Files.createSymbolicLink(file, Path.of("..data", "mesh.yaml"));
        FileSource source = source();
        source.load();
        source.start();
        Path turned = Files.createSymbolicLink(directory.resolve("..tmp"), second);
        Files.move(turned, data, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        clock.advance(TAKEN);
        assertThat(ports).containsExactly(9001, 9002);
    }

    @Test
    void aFileThatIsGoneForAWhileLeavesTheVersionInForce() throws IOException {
        followed(9001);
        Files.delete(file);
        clock.advance(Duration.ofSeconds(5));
        assertThat(unreadable).isEqualTo(1);
        write(9001);
        clock.advance(TAKEN);
        assertThat(ports).containsExactly(9001, 9001);
    }

    @Test
    void aTouchChangesNothing() throws IOException {
        followed(9001);
        Files.setLastModifiedTime(file, FileTime.fromMillis(1));
        clock.advance(Duration.ofSeconds(5));
        assertThat(ports).containsExactly(9001);
    }

    @Test
    void aCertificateThatChangesIsAChange() throws IOException {
        for (String name : List.of("ca", "cert", "key")) {
            Files.writeString(directory.resolve(name), "first");
        }
        Files.writeString(file, yaml(9001) + "mtls: {ca: ca, cert: cert, key: key}\n");
        FileSource source = source();
        source.load();
        source.start();
        clock.advance(Duration.ofSeconds(5));
        assertThat(ports).as("nothing has changed").containsExactly(9001);
        Files.writeString(directory.resolve("cert"), "second one");
        clock.advance(TAKEN);
        assertThat(ports).containsExactly(9001, 9001);
    }

    @Test
    void nothingIsLookedAtAfterClosing() throws IOException {
        FileSource source = followed(9001);
        source.close();
        write(9002);
        clock.advance(Duration.ofSeconds(5));
        assertThat(ports).containsExactly(9001);
        assertThat(clock.pendingTasks()).isZero();
    }

    private FileSource followed(int port) throws IOException {
        write(port);
        FileSource source = source();
        source.load();
        source.start();
        return source;
    }

    private FileSource source() {
        return new FileSource(file, this::take, () -> unreadable++, clock.scheduler());
    }

    private ApplyResult take(SidecarConfig config, long version) {
        Address upstream = config.snapshot().endpointsOf("default").get(0).address();
        ports.add(upstream.port());
        versions.add(version);
        return answer.isEmpty() ? new ApplyResult.Applied(version) : new ApplyResult.Rejected(answer);
    }

    private void write(int port) throws IOException {
        Files.writeString(file, yaml(port));
        // Its own time for each content: two writes of a test can be closer together than a file system tells times apart.
        Files.setLastModifiedTime(file, FileTime.fromMillis(port));
    }

    private static String yaml(int port) {
        return "proxy:\n  listen: \":8080\"\n  upstreams:\n    - addr: \"localhost:" + port + "\"\n";
    }
}
