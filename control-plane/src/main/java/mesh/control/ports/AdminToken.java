package mesh.control.ports;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import mesh.disk.DurableFile;

/**
 * The secret of whoever runs this control plane: 256 bits in a file that only its owner can read, made on the first start. It opens no more
 * than the directory itself does, which has the CA in it; to change it, delete the file and start again. Any thread.
 */
public final class AdminToken {

    /** File name. */
    public static final String FILE = "admin.token";

    private static final int BYTES = 32;
    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9_-]{43,}");
    private static final String SCHEME = "bearer ";

    private final byte[] token;

    private AdminToken(String token) {
        this.token = token.getBytes(StandardCharsets.US_ASCII);
    }

    /** @throws IllegalArgumentException when the text could be guessed, or no header could carry it */
    public static AdminToken of(String text) {
        if (!FORM.matcher(text).matches()) {
            throw new IllegalArgumentException("no token (expected: at least 43 characters of A-Z, a-z, 0-9, - and _)");
        }
        return new AdminToken(text);
    }

    /**
     * The token that is kept in a directory, or a new one.
     *
     * @param random must be cryptographically strong
     * @throws IOException naming the file, when it holds no token
     */
    public static AdminToken open(Path directory, RandomGenerator random) throws IOException {
        Path file = directory.resolve(FILE);
        if (!Files.exists(file)) {
            byte[] secret = new byte[BYTES];
            random.nextBytes(secret);
            DurableFile.write(file, (Base64.getUrlEncoder().withoutPadding().encodeToString(secret) + "\n").getBytes(StandardCharsets.US_ASCII));
        }
        try {
            return of(Files.readString(file).strip());
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage() + "; delete the file for a new one", e);
        }
    }

    /**
     * Whether a header {@code authorization} shows it (RFC 6750).
     *
     * @throws IllegalArgumentException when it shows something else
     */
    boolean isShownBy(String header) {
        if (header == null) {
            return false;
        }
        boolean bearer = header.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
        // In a time that tells nothing of how much of it was right.
        if (!bearer || !MessageDigest.isEqual(header.substring(SCHEME.length()).strip().getBytes(StandardCharsets.UTF_8), token)) {
            throw new IllegalArgumentException("authorization: not this control plane's (expected: \"Bearer \" and the token in " + FILE
                + " of its data directory)");
        }
        return true;
    }
}
