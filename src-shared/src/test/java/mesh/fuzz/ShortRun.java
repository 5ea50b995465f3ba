package mesh.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** A fuzz target's part in every build: its corpus as it is, and some thousand inputs made from it, the same in every run. */
public final class ShortRun {

    static final Path CORPORA = Path.of("src", "test", "resources", "fuzz");
    static final String SUFFIX = "FuzzTest";

    private ShortRun() {}

    /**
     * Gives each to the target. One that throws is kept in {@code target/fuzz}, and belongs into the corpus once it is mended.
     *
     * @param test   its name says which corpus
     * @param inputs how many are made: what takes about a second
     */
    public static void of(Class<?> test, int inputs, Consumer<byte[]> target) {
        List<byte[]> corpus = corpus(test);
        assertThat(corpus).as("inputs in %s", directory(test)).isNotEmpty();
        corpus.forEach(input -> give(input, target, test));
        Mutator mutator = new Mutator(corpus, new Random(1));
        for (int i = 0; i < inputs; i++) give(mutator.next(), target, test);
    }

    static Path directory(Class<?> test) {
        String name = test.getSimpleName();
        return CORPORA.resolve(name.substring(0, name.length() - SUFFIX.length()));
    }

    private static List<byte[]> corpus(Class<?> test) {
        try (Stream<Path> files = Files.list(directory(test))) {
            return files.sorted().map(ShortRun::bytes).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void give(byte[] input, Consumer<byte[]> target, Class<?> test) {
        try {
            target.accept(input.clone());
        } catch (Throwable e) {
            throw new AssertionError("with an input that is kept in " + kept(input, test) + ": " + HexFormat.of().formatHex(input), e);
        }
    }

    private static Path kept(byte[] input, Class<?> test) {
        try {
            Path file = Files.createDirectories(Path.of("target", "fuzz")).resolve(test.getSimpleName() + ".input");
            return Files.write(file, input);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
