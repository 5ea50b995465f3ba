package mesh.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import mesh.model.Problem;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A file {@code <mistake>.yaml} and, beside it, exactly what is said about it. */
class GoldenProblemsTest {

    private static final Path GOLDEN = Path.of("src", "test", "resources", "config", "golden");

    static Stream<Path> mistakes() throws IOException {
        try (Stream<Path> files = Files.list(GOLDEN)) {
            return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void everyMistakeIsSaidOnceWithItsPlace(Path file) throws IOException {
        List<String> expected = Files.readAllLines(file.resolveSibling(file.getFileName().toString().replace(".yaml", ".problems")));
        ConfigResult result = ConfigReader.read(file.getFileName(), Files.readAllBytes(file));
        assertThat(result).isInstanceOf(ConfigResult.Invalid.class);
        assertThat(((ConfigResult.Invalid) result).problems()).map(Problem::toString).isEqualTo(expected);
    }
}
