package mesh.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import mesh.model.Problem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever the bytes are: a configuration, or problems that can be printed. */
class GarbageTest {

    private static final Path FILE = Path.of("mesh.yaml");
    private static final Path EXAMPLES = Path.of("..", "deploy", "examples");

    @ParameterizedTest
    @ValueSource(strings = {"seed.yaml", "full.yaml", "mtls.yaml"})
    void aFileWithBytesChangedIsReadOrRefused(String name) throws IOException {
        byte[] good = Files.readAllBytes(EXAMPLES.resolve(name));
        Random random = new Random(4);
        for (int round = 0; round < 3000; round++) {
            byte[] bytes = good.clone();
            for (int i = random.nextInt(4); i >= 0; i--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            check(bytes);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"seed.yaml", "full.yaml"})
    void aFileThatEndsAnywhereIsReadOrRefused(String name) throws IOException {
        byte[] good = Files.readAllBytes(EXAMPLES.resolve(name));
        for (int length = 0; length < good.length; length++) {
            check(Arrays.copyOf(good, length));
        }
    }

    @Test
    void aFileOfShuffledPiecesIsReadOrRefused() throws IOException {
        List<String> pieces = new ArrayList<>(List.of(
            "&a ", "*a", "<<: ", "!!java.lang.Runtime ", "!x ", "- ", "? ", ": ", "{", "}", "[", "]", "|\n", ">-\n", "---\n", "...\n", "%YAML 1.1\n",
            "%TAG ! tag:x,2000:\n", "\t", "'", "\"", "\\x00", "~", "null", "\u0085", "\ufeff", "\ud83d\ude00", "0x7fffffffffffffff", "1e999"));
        pieces.addAll(Files.readAllLines(EXAMPLES.resolve("full.yaml")).stream().map(line -> line + "\n").toList());
        Random random = new Random(5);
        for (int round = 0; round < 5000; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(30); i >= 0; i--) {
                text.append(pieces.get(random.nextInt(pieces.size())));
            }
            check(text.toString().getBytes(StandardCharsets.UTF_8));
        }
    }

    @Test
    void randomBytesAreRefused() {
        Random random = new Random(6);
        for (int round = 0; round < 3000; round++) {
            byte[] bytes = new byte[random.nextInt(200)];
            random.nextBytes(bytes);
            check(bytes);
        }
    }

    @Test
    void aliasesOfAliasesDoNotGrow() {
        StringBuilder text = new StringBuilder("a0: &a0 [x]\n");
        for (int i = 1; i < 12; i++) {
            text.append("a").append(i).append(": &a").append(i).append(" [").append(("*a" + (i - 1) + ",").repeat(8)).append("]\n");
        }
        assertThat(problems(text.append("listeners: *a11\n"))).singleElement().asString().contains("more than 200000 values");
    }

    @Test
    void anAliasToWhatItStandsInIsRefused() {
        assertThat(problems("listeners: &a\n  - *a\n")).singleElement().asString()
            .isEqualTo("mesh.yaml:1:1 an alias to what it stands in (expected: none)");
    }

    @Test
    void deepNestingIsRefused() {
        assertThat(problems("[".repeat(100_000))).singleElement().asString().contains("Nesting Depth exceeded");
    }

    @Test
    void aHugeFileIsRefused() {
        assertThat(problems("#".repeat(ConfigReader.MAX_BYTES + 1))).singleElement().asString()
            .isEqualTo("mesh.yaml larger than 1048576 bytes (expected: at most that)");
    }

    @Test
    void bytesThatAreNotTextAreRefused() {
        assertThat(problemsOf(new byte[] {'a', (byte) 0xc3})).singleElement().asString()
            .isEqualTo("mesh.yaml bytes that are not UTF-8 (expected: UTF-8)");
    }

    @Test
    void controlCharactersNeverReachTheTerminal() {
        assertThat(problems("\"\\e[31m\\u202e\\x00\": 1")).allSatisfy(p ->
            assertThat(p.toString().chars()).allMatch(c -> c >= ' ' && c < 0x7f));
    }

    private static List<Problem> problems(CharSequence yaml) {
        return problemsOf(yaml.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static List<Problem> problemsOf(byte[] content) {
        return ((ConfigResult.Invalid) ConfigReader.read(FILE, content)).problems();
    }

    private static void check(byte[] content) {
        if (ConfigReader.read(FILE, content) instanceof ConfigResult.Invalid invalid) {
            assertThat(invalid.problems()).isNotEmpty().allSatisfy(p -> {
                assertThat(p.message()).isNotBlank();
                assertThat(p.toString()).startsWith("mesh.yaml").doesNotContain("\n");
            });
        }
    }
}
