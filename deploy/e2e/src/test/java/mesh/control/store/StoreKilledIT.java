package mesh.control.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import mesh.control.journal.DirectoryFiles;
import mesh.model.MeshSnapshot;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** SIGKILL at random points of a write load. What was acknowledged is there, and what follows it is whole. */
class StoreKilledIT {

    private static final int KILLS = Integer.getInteger("mesh.soak.kills", 10);

    @TempDir
    private Path dir;

    @Test
    void losesNoAcknowledgedWrite() throws Exception {
        Random random = new Random(7);
        long last = 0;
        for (int kill = 1; kill <= KILLS; kill++) {
            long acknowledged = killedAfter(20 + random.nextInt(200), random.nextInt(5));
            assertThat(acknowledged).isGreaterThan(last);
            try (DirectoryFiles files = DirectoryFiles.open(dir);
                 MeshStore store = MeshStore.open(files, () -> Optional.empty(), InstantSource.system(), WriteLoad.KEEP_BYTES)) {
                MeshSnapshot found = store.current();
                // The one after it may have been written and not yet said.
                assertThat(found.version()).as("after kill %d", kill).isBetween(acknowledged, acknowledged + 1);
                assertThat(found).isEqualTo(WriteLoad.numbered(found.version()).withVersion(found.version()));
                last = found.version();
            }
        }
    }

    /** @return the last version that it has said */
    private long killedAfter(int writes, int millis) throws Exception {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-Xmx64m",
            "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), WriteLoad.class.getName(), dir.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD).start();
        long acknowledged = 0;
        try (BufferedReader said = process.inputReader()) {
            for (int i = 0; i < writes; i++) {
                acknowledged = Long.parseLong(said.readLine());
            }
            TimeUnit.MILLISECONDS.sleep(millis);
            // By its handle: the process would close what it has said and is not read yet.
            process.toHandle().destroyForcibly();
            for (String line; (line = said.readLine()) != null; ) {
                // The last line may be cut.
                acknowledged = Math.max(acknowledged, Long.parseLong(line));
            }
        } finally {
            process.destroyForcibly().waitFor();
        }
        return acknowledged;
    }
}
