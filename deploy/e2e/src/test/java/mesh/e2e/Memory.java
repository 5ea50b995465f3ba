package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;

/** What the sidecars of web and payments hold, beside what they held when this was made. */
final class Memory {

    /** Heap, code and stacks move by some tens of MiB in any JVM; a gibibyte that is kept would move it by a thousand. */
    private static final long FLAT_KIB = 96 * 1024;

    private final List<MeshProcess> processes;
    private final long[] before;

    private Memory(List<MeshProcess> processes) throws IOException {
        this.processes = processes;
        this.before = now();
    }

    static Memory of(TestMesh mesh) throws IOException {
        return new Memory(List.of(mesh.sidecar("web-1").process(), mesh.sidecar("payments-1").process()));
    }

    private long[] now() throws IOException {
        long[] now = new long[processes.size()];
        for (int i = 0; i < now.length; i++) now[i] = processes.get(i).residentKib();
        return now;
    }

    void assertFlat() throws IOException {
        long[] after = now();
        for (int i = 0; i < before.length; i++) {
            assertThat(after[i] - before[i]).as("KiB that sidecar %d has grown by, from %d", i, before[i]).isLessThan(FLAT_KIB);
        }
    }
}
