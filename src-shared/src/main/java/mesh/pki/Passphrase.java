package mesh.pki;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What an authority's keys are encrypted with where they are kept. Never printed. */
public final class Passphrase {

    private static final int SHORTEST = 8;

    private final String text;

    private Passphrase(String text) {
        this.text = text;
    }

    /**
     * One that was given.
     *
     * @param where it came from, for messages
     * @throws IllegalArgumentException when it is too short to keep anybody out
     */
    public static Passphrase of(String text, String where) {
        if (text.length() < SHORTEST) {
            throw new IllegalArgumentException(where + ": a passphrase of " + text.length() + " characters (expected: at least " + SHORTEST + ")");
        }
        return new Passphrase(text);
    }

    /**
     * The first line of a file.
     *
     * @throws IOException naming the file and what is wrong with it
     */
    public static Passphrase read(Path file) throws IOException {
        try {
            return of(Files.readString(file, StandardCharsets.UTF_8).lines().findFirst().orElse(""), file.toString());
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        } catch (IOException e) {
            throw new IOException(file + ": may not be read (expected: a passphrase in its first line): " + e.getMessage(), e);
        }
    }

    char[] characters() {
        return text.toCharArray();
    }

    /** Never the passphrase. */
    @Override
    public String toString() {
        return "Passphrase";
    }
}
