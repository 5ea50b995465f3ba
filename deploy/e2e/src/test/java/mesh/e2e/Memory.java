package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;

/** What the sidecars of web and payments have held at most, beside what that was when this was made. */
final class Memory {

    /** Heap, code and stacks move by some tens of MiB in any JVM; a gibibyte that is kept would move it by a thousand. */
    private static final long FLAT_KIB = 96 * 1024;
    /** The kernel's buffers of two hops, up to 36 MiB each by Linux's defaults, and little of the sidecars' own. */
    private static final long ON_THE_WAY = 128 << 20;

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
        for (int i = 0; i < now.length; i++) now[i] = processes.get(i).peakKib();
        return now;
    }

    void assertFlat() throws IOException {
        long[] after = now();
        for (int i = 0; i < before.length; i++) {
            assertThat(after[i] - before[i]).as("KiB that sidecar %d has grown by, from %d", i, before[i]).isLessThan(FLAT_KIB);
        }
    }

    /**
     * While a reader reads nothing, the writer at the other end soon has to stop, and nobody holds what it has written.
     *
     * @param written bytes of the body that a sidecar has taken or passed on so far
     * @param read    bytes that the reader has read
     */
    void assertWriterStopsToo(Callable<Double> written, long read) throws Exception {
        double[] last = {-1};
        await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(500)).until(() -> {
            double before = last[0];
            last[0] = written.call();
            return last[0] == before;
        });
        assertThat((long) last[0] - read).as("bytes on the way while %d have been read", read).isLessThan(ON_THE_WAY);
        assertFlat();
    }
}
