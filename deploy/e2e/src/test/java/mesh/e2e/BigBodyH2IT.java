package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Issue 4: a gibibyte each way over HTTP/2 on every hop, through two sidecars with mTLS between them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BigBodyH2IT {

    private static final Body GIBIBYTE = new Body(1L << 30);
    private static final Body WARM_UP = new Body(64 << 20);
    private static final long PAUSE_MILLIS = 2000;

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
    void goesUpInFlatMemory() throws Exception {
        caller.call(mesh.outbound(), "/sum", WARM_UP, true);
        Memory memory = Memory.of(mesh);
        HttpCaller.Answer answer = caller.call(mesh.outbound(), "/sum", GIBIBYTE, true);
        assertThat(answer.text()).isEqualTo(Long.toString(GIBIBYTE.crc()));
        memory.assertFlat();
    }

    @Test
    void goesDownToASlowReaderInFlatMemory() throws Exception {
        caller.call(mesh.outbound(), "/down?" + WARM_UP.length());
        Memory memory = Memory.of(mesh);
        HttpCaller.Answer answer = caller.callSlowly(mesh.outbound(), "/down?" + GIBIBYTE.length(), PAUSE_MILLIS);
        assertThat(answer.bytes()).isEqualTo(GIBIBYTE.length());
        assertThat(answer.crc()).isEqualTo(GIBIBYTE.crc());
        memory.assertFlat();
    }
}
