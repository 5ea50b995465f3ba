package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import mesh.model.Address;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Streams that are given up leave nothing behind. */
class StreamsIT {

    private static final int STREAMS = 10_000;
    private static final int AT_ONCE = 80;
    /** Netty's client takes itself for an attacker, and closes, when it has reset 200 streams of a connection within 30 s. */
    private static final int OF_A_CONNECTION = 160;

    @TempDir
    private Path dir;

    @Test
    void tenThousandThatAreCancelledLeaveNeitherCountsNorBuffers() throws Exception {
        Vertx vertx = Vertx.vertx();
        Identities none = new Identities(dir.resolve("identities"));
        EchoService application = new EchoService(vertx, Wire.H2C, none);
        Address listen = Ports.free();
        Path config = Files.writeString(dir.resolve("mesh.yaml"), """
            listeners:
              - {name: in, listen: "%s", cluster: app}
            clusters:
              - {name: app, protocol: http2, idleTimeout: 1s, endpoints: [{address: "%s"}]}
            """.formatted(listen, application.address()));
        try (SidecarProcess sidecar = SidecarProcess.of(config, "-Dio.netty.leakDetection.level=paranoid");
            HttpCaller caller = new HttpCaller(vertx, Wire.H2C, none)) {
            for (int begun = 0; begun < STREAMS; begun += OF_A_CONNECTION) {
                try (HttpCaller impatient = new HttpCaller(vertx, Wire.H2C, none)) {
                    for (int i = 0; i < OF_A_CONNECTION; i += AT_ONCE) cancelSome(impatient, listen);
                }
            }
            assertThat(caller.call(listen, "/echo", new Body(100_000), false).bytes()).isEqualTo(100_000);

            String upstream = "{upstream=\"" + application.address() + "\",}";
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                assertThat(sidecar.admin("/snapshot")).containsPattern("\"in_flight\" ?: ?0\\b");
                assertThat(sidecar.metric("mesh_upstream_active_connections" + upstream)).isZero();
            });
            assertThat(sidecar.metric("mesh_internal_errors_total")).isLessThanOrEqualTo(0);
            // A leak is noticed when the collector has found a buffer that nobody holds, and told at the next allocation.
            for (int i = 0; i < 2; i++) {
                collectGarbage(sidecar.process());
                for (int request = 0; request < 200; request++) caller.call(listen, "/echo", new Body(1000), true);
            }
            assertThat(sidecar.process().log()).doesNotContain("LEAK");
        } finally {
            HttpCaller.await(vertx.close());
        }
    }

    /** Two of three after their answer has begun: a client that does nothing but give up at once is told to calm down. */
    private static void cancelSome(HttpCaller caller, Address listen) throws Exception {
        List<Future<?>> some = new ArrayList<>();
        for (int i = 0; i < AT_ONCE; i++) some.add(caller.cancelled(listen, i % 3 == 0 ? "/sink" : "/open", i % 3 != 0));
        HttpCaller.await(Future.all(some));
    }

    private static void collectGarbage(MeshProcess process) {
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        try (MeshProcess command = MeshProcess.start("jcmd", List.of(jcmd, Long.toString(process.pid()), "GC.run"))) {
            assertThat(command.exitCode()).as(command.log()).isZero();
        }
    }
}
