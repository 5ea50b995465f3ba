package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The main job, by the launcher, as a user runs it. */
class MeshUpIT {

    /** Who called, and whom. */
    private static final String SHARES = "\n  payments was called by spiffe://mesh.local/web \\(60 times, proved by its certificate\\)"
        + "\n  payments-1 +weight 2 +40 .*\n  payments-2 +weight 1 +20 ";

    @TempDir
    private Path dir;

    @Test
    void onceEndsWithZeroAndLeavesNothingBehind() {
        try (MeshProcess up = MeshProcess.start("mesh up", List.of(MeshProcess.ROOT.resolve("mesh").toString(), "up", "--once", "--data-dir", dir.toString()))) {
            Set<Long> children = childrenOnceStarted(up);
            assertThat(up.exitCode()).as(up.log()).isZero();
            assertThat(up.log())
                .containsPattern("60 of 60 requests answered" + SHARES)
                .containsPattern("60 of 60 gRPC calls on one connection answered" + SHARES);
            assertThat(children).isNotEmpty().noneMatch(pid -> ProcessHandle.of(pid).isPresent());
        }
    }

    @Test
    void killedItTakesItsChildrenWithIt() {
        try (MeshProcess up = MeshProcess.start("mesh up", List.of(MeshProcess.ROOT.resolve("mesh").toString(), "up", "--data-dir", dir.toString()))) {
            up.awaitLine(Pattern.compile("grpcurl -plaintext \\S+ list"));
            Set<Long> children = children(up);
            assertThat(children).hasSize(4);
            up.kill();
            await().atMost(Duration.ofSeconds(20)).until(() -> children.stream().noneMatch(pid -> ProcessHandle.of(pid).isPresent()));
        }
    }

    /** Its children once all have been started. */
    private static Set<Long> childrenOnceStarted(MeshProcess up) {
        up.awaitLine(Pattern.compile("pushing the configuration by gRPC … \\d"));
        return children(up);
    }

    private static Set<Long> children(MeshProcess up) {
        return ProcessHandle.of(up.pid()).orElseThrow().descendants().map(ProcessHandle::pid).collect(Collectors.toSet());
    }
}
