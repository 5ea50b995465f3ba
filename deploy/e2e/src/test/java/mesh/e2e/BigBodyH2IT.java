package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A gibibyte each way over HTTP/2 on every hop, to a slow reader, through two sidecars with mTLS between them. */
@Tag("soak")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BigBodyH2IT {

    private static final Body BIG = new Body((long) Effort.of("gibibytes", 1) << 30);
    private static final Body WARM_UP = new Body(64 << 20);

    @TempDir
    private static Path dir;

    private final Vertx vertx = Vertx.vertx();
    private EchoService application;
    private HttpCaller caller;
    private TestMesh mesh;

    @BeforeAll
    void start() throws Exception {
        Identities none = new Identities(dir.resolve("identities"));
        application = new EchoService(vertx, Wire.H2C, none);
        caller = new HttpCaller(vertx, Wire.H2C, none);
        mesh = new TestMesh(dir);
        mesh.web().payments("payments-1", application.address());
        mesh.push(TestMesh.withoutTimeouts(mesh.config(Map.of("payments-1", 1))));
    }

    @AfterAll
    void stop() throws Exception {
        if (mesh != null) mesh.close();
        HttpCaller.await(vertx.close());
    }

    @Test
    void goesUpToASlowReaderInFlatMemory() throws Exception {
        caller.call(mesh.outbound(), "/sum", WARM_UP, true);
        Memory memory = Memory.of(mesh);
        double before = mesh.bytesUp();
        Future<HttpCaller.Answer> answer = caller.send(mesh.outbound(), "/slow-sum", BIG, true);
        application.pause().awaitBegun();
        memory.assertWriterStopsToo(() -> mesh.bytesUp() - before, 0);
        application.pause().end();
        assertThat(HttpCaller.await(answer).text()).isEqualTo(Long.toString(BIG.crc()));
        memory.assertFlat();
    }

    @Test
    void goesDownToASlowReaderInFlatMemory() throws Exception {
        caller.call(mesh.outbound(), "/down?" + WARM_UP.length());
        Memory memory = Memory.of(mesh);
        double before = mesh.bytesDown();
        Pause pause = new Pause();
        Future<HttpCaller.Answer> answer = caller.read(mesh.outbound(), "/down?" + BIG.length(), pause);
        pause.awaitBegun();
        memory.assertWriterStopsToo(() -> mesh.bytesDown() - before, 0);
        pause.end();
        assertThat(HttpCaller.await(answer).bytes()).isEqualTo(BIG.length());
        assertThat(HttpCaller.await(answer).crc()).isEqualTo(BIG.crc());
        memory.assertFlat();
    }
}
