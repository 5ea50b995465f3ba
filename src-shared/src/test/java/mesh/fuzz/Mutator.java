package mesh.fuzz;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Makes inputs that are nearly good from good ones: bytes changed, runs left out, repeated, and put in from others of the corpus. */
final class Mutator {

    /** Edges of numbers, of text and of encodings. */
    private static final int[] BYTES = {0, 1, 0x0a, 0x0d, 0x20, 0x22, 0x2f, 0x30, 0x39, 0x3a, 0x3b, 0x7f, 0x80, 0x81, 0x84, 0xbf, 0xc0, 0xff};
    private static final int MAX_CHANGES = 4, MAX_RUN = 64;

    private final List<byte[]> corpus;
    private final Random random;

    Mutator(List<byte[]> corpus, Random random) {
        this.corpus = corpus;
        this.random = random;
    }

    byte[] next() {
        byte[] input = any();
        for (int n = random.nextInt(MAX_CHANGES); n >= 0; n--) input = changed(input);
        return input;
    }

    private byte[] any() {
        return corpus.get(random.nextInt(corpus.size()));
    }

    private byte[] changed(byte[] input) {
        int at = random.nextInt(input.length + 1);
        int run = Math.min(input.length - at, 1 + random.nextInt(random.nextBoolean() ? 4 : MAX_RUN));
        return switch (random.nextInt(7)) {
            case 0 -> replaced(input, at, Math.min(run, 1), new byte[] {(byte) random.nextInt(256)});
            case 1 -> replaced(input, at, Math.min(run, 1), new byte[] {(byte) BYTES[random.nextInt(BYTES.length)]});
            case 2 -> replaced(input, at, 0, new byte[] {(byte) BYTES[random.nextInt(BYTES.length)]});
            case 3 -> replaced(input, at, run, new byte[0]);
            case 4 -> replaced(input, at, 0, part(input, at, run));
            case 5 -> replaced(input, at, random.nextBoolean() ? run : 0, piece(any()));
            default -> flipped(input, at);
        };
    }

    private byte[] flipped(byte[] input, int at) {
        if (at == input.length) return part(input, 0, random.nextInt(input.length + 1));
        byte[] changed = input.clone();
        changed[at] ^= (byte) (1 << random.nextInt(8));
        return changed;
    }

    private byte[] piece(byte[] from) {
        int at = random.nextInt(from.length + 1);
        return part(from, at, Math.min(from.length - at, random.nextInt(MAX_RUN)));
    }

    private static byte[] part(byte[] input, int at, int length) {
        return Arrays.copyOfRange(input, at, at + length);
    }

    private static byte[] replaced(byte[] input, int at, int length, byte[] by) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(input.length + by.length);
        out.write(input, 0, at);
        out.writeBytes(by);
        out.write(input, at + length, input.length - at - length);
        return out.toByteArray();
    }
}
