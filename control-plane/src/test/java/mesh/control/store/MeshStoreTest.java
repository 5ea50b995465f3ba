package mesh.control.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Optional;
import java.util.Random;
import mesh.control.journal.CorruptFileException;
import mesh.control.journal.CrashingFiles;
import mesh.control.journal.Journal;
import mesh.model.Cluster;
import mesh.model.MeshSnapshot;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;

/** On a journal, and what only that has. */
class MeshStoreTest extends MeshStoreContract {

    private final CrashingFiles files = new CrashingFiles(new Random(1));

    @Override
    MeshStore open(long keepBytes) throws IOException {
        return MeshStore.open(files, () -> Optional.empty(), new FakeClock(), keepBytes);
    }

    @Test
    void compactsItsFile() throws IOException {
        store.close();
        store = open(500);
        for (int i = 0; i < 50; i++) {
            String name = "c" + i;
            edit(current -> cluster(name).applyTo(MeshSnapshot.EMPTY));
        }
        assertThat(files.content("config.journal")).hasSizeLessThan(1500);
    }

    @Test
    void readsWhatEarlierProgramsWrote() throws IOException {
        edit(cluster("a"));
        store.close();
        mesh.v1.Config config = mesh.v1.Config.newBuilder().addClusters(mesh.v1.Cluster.newBuilder().setName("b")).build();
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(plain);
        out.writeByte(1);
        out.writeLong(2);
        out.writeLong(0);
        out.writeUTF("somebody");
        out.writeUTF("something");
        config.writeTo(out);
        try (Journal journal = Journal.open(files, "config.journal")) {
            journal.append(plain.toByteArray());
        }
        open();

        assertThat(store.current().clusters()).containsOnlyKeys("b");
        assertThat(store.history().find(2)).hasValueSatisfying(version -> assertThat(version.author()).isEqualTo("somebody"));
    }

    @Test
    void refusesAFileThatANewerProgramWrote() throws IOException {
        store.close();
        try (Journal journal = Journal.open(files, "config.journal")) {
            journal.append(new byte[] {99, 0, 0, 0});
        }

        assertThatThrownBy(() -> open(1)).isInstanceOf(IOException.class).isNotInstanceOf(CorruptFileException.class)
            .hasMessage("/data/config.journal: a record of form 99 (expected: 1 to 3; a newer program wrote it)");
    }
}
