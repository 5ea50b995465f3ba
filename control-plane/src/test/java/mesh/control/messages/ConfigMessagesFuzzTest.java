package mesh.control.messages;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import mesh.fuzz.ShortRun;
import mesh.model.MeshSnapshot;
import org.junit.jupiter.api.Test;

/** A {@code mesh.v1.Config}, as JSON or as its bytes, is problems with places, or a configuration that is the same again when it is written. */
class ConfigMessagesFuzzTest {

    @Test
    void anyRequestIsProblemsOrAConfiguration() {
        ShortRun.of(ConfigMessagesFuzzTest.class, 5_000, ConfigMessagesFuzzTest::fuzzerTestOneInput);
    }

    public static void fuzzerTestOneInput(byte[] input) {
        message(input).ifPresent(message -> {
            Problems problems = new Problems();
            MeshSnapshot snapshot = ConfigMessages.decode(message, "config", problems);
            if (problems.none()) {
                check(snapshot);
            } else {
                assertThat(problems.list()).allSatisfy(problem -> {
                    assertThat(problem.path()).startsWith("config");
                    assertThat(problem.message()).isNotBlank();
                });
            }
        });
    }

    private static void check(MeshSnapshot snapshot) {
        assertThat(snapshot.problems()).isEmpty();
        Problems problems = new Problems();
        assertThat(ConfigMessages.decode(ConfigMessages.encode(snapshot), "config", problems)).isEqualTo(snapshot);
        assertThat(problems.none()).isTrue();
        assertThat(ConfigMessages.differences(snapshot, snapshot)).isEmpty();
    }

    private static Optional<mesh.v1.Config> message(byte[] input) {
        try {
            if (input.length == 0 || input[0] != '{') return Optional.of(mesh.v1.Config.parseFrom(input));
            mesh.v1.Config.Builder message = mesh.v1.Config.newBuilder();
            JsonFormat.parser().merge(new String(input, StandardCharsets.UTF_8), message);
            return Optional.of(message.build());
        } catch (InvalidProtocolBufferException e) {
            return Optional.empty();
        }
    }
}
