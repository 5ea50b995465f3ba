package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import mesh.model.Address;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An application that starts before its sidecar, and one that ends before it or after it. */
class JobIT {

    @TempDir
    private Path dir;
    private HttpService service;
    private Address outbound;
    private Path config;

    @BeforeEach
    void start() throws IOException {
        service = new HttpService("service");
        outbound = Ports.free();
        config = Files.writeString(dir.resolve("mesh.yaml"),
            "proxy:\n  listen: \"%s\"\n  upstreams:\n    - addr: \"%s\"\n".formatted(outbound, service.address()));
    }

    @AfterEach
    void stop() {
        service.close();
    }

    /** A job whose command begins with a request, started long before there is anybody to send it to. */
    @Test
    void aJobThatStartsBeforeItsSidecarHasItsFirstRequestAnsweredAndTakesTheSidecarAlong() throws IOException {
        String health = Ports.free().toString();
        String admin = Ports.free().toString();
        try (MeshProcess job = MeshProcess.dataPlane("await", "--health", health, "--admin", admin, "--shutdown", "--",
            "sh", "-c", curl() + " && exit 7")) {
            try (SidecarProcess sidecar = SidecarProcess.of(config, "--health-listen", health, "--admin-listen", admin)) {
                assertThat(job.exitCode()).as(job.log()).isEqualTo(7);
                assertThat(job.log()).isEqualTo("service");
                assertThat(sidecar.process().exitCode()).as(sidecar.process().log()).isZero();
            }
        }
    }

    /** Nobody tells the sidecar anything: it sees that the process is gone. */
    @Test
    void aSidecarEndsWithTheProcessThatItIsFor() throws Exception {
        try (MeshProcess workload = MeshProcess.start("workload", List.of("sh", "-c", "echo begun; exec sleep 600"))) {
            workload.awaitLine(Pattern.compile("begun"));
            try (SidecarProcess sidecar = SidecarProcess.of(config, "--exit-with-pid", Long.toString(workload.pid()))) {
                assertThat(sidecar.readiness()).isEqualTo(200);
                workload.kill();
                assertThat(sidecar.process().exitCode()).as(sidecar.process().log()).isZero();
                assertThat(sidecar.process().log()).contains("the workload's process " + workload.pid() + " has ended");
            }
        }
    }

    /** Both are told to end at the same time, and the application has a last call to make. */
    @Test
    void theLastRequestOfAWorkloadThatEndsAfterTheSignalIsAnswered() throws Exception {
        String script = "trap 'kill $!; while ! [ -e " + dir + "/go ]; do sleep 0.1; done; " + curl() + "; exit 0' TERM; sleep 60 & echo begun; wait";
        try (MeshProcess workload = MeshProcess.start("workload", List.of("sh", "-c", script))) {
            workload.awaitLine(Pattern.compile("begun"));
            try (SidecarProcess sidecar = SidecarProcess.of(config, "--exit-with-pid", Long.toString(workload.pid()))) {
                sidecar.process().terminate();
                workload.terminate();
                await().atMost(Duration.ofSeconds(30)).until(() -> sidecar.readiness() == 503);
                Files.createFile(dir.resolve("go"));
                assertThat(workload.exitCode()).as(workload.log()).isZero();
                assertThat(workload.log()).endsWith("service");
                assertThat(sidecar.process().exitCode()).as(sidecar.process().log()).isZero();
            }
        }
    }

    private String curl() {
        return Judge.find("curl", "apt-get install curl").program() + " -sS --max-time 20 http://" + outbound + "/";
    }
}
