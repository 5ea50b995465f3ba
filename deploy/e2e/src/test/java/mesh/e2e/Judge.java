package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A program that is not ours and says what it thinks of ours. Where it is missing a test is skipped, and in CI fails. */
final class Judge {

    /** What it said and how it ended. */
    record Verdict(int exit, String text) {}

    private static final long PATIENCE_SECONDS = 150;

    private final Path program;

    private Judge(Path program) {
        this.program = program;
    }

    /** @param install how to get it, for the message */
    static Judge find(String name, String install) {
        List<Path> places = new ArrayList<>();
        for (String place : System.getenv().getOrDefault("PATH", "").split(":")) places.add(Path.of(place));
        places.add(Path.of(System.getProperty("user.home"), "go", "bin"));
        places.add(Path.of("/usr/sbin"));
        for (Path place : places) {
            if (Files.isExecutable(place.resolve(name))) return new Judge(place.resolve(name));
        }
        String why = name + " is not on the PATH (expected: " + install + ")";
        if (Boolean.parseBoolean(System.getenv("CI"))) throw new AssertionError(why);
        Assumptions.abort(why);
        throw new AssertionError(why);
    }

    Path program() {
        return program;
    }

    /** What it wrote; it is to end well. */
    String mustDo(String input, List<String> words) {
        Verdict verdict = ask(input, words.toArray(String[]::new));
        assertThat(verdict.exit()).as("%s %s: %s", program, words, verdict.text()).isZero();
        return verdict.text();
    }

    Verdict ask(String input, String... words) {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(words));
        try {
            Path out = Files.createTempFile("judge", ".out");
            try {
                Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile()).start();
                try (var in = process.outputWriter()) {
                    in.write(input);
                } catch (IOException e) {
                    // It had heard enough.
                }
                assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as("%s has ended", command).isTrue();
                return new Verdict(process.exitValue(), Files.readString(out));
            } finally {
                Files.delete(out);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }
}
