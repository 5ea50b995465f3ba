package mesh.e2e;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.WriteStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.zip.CRC32;

/** A body of a given length whose every byte is known, without its lying in memory. */
final class Body {

    private static final byte[] BLOCK = block();

    private final long length;

    Body(long length) {
        this.length = length;
    }

    private static byte[] block() {
        byte[] block = new byte[64 * 1024];
        for (int i = 0; i < block.length; i++) block[i] = (byte) (i * 31 + (i >> 8));
        return block;
    }

    long length() {
        return length;
    }

    long crc() {
        CRC32 crc = new CRC32();
        for (long left = length; left > 0; left -= BLOCK.length) crc.update(BLOCK, 0, (int) Math.min(left, BLOCK.length));
        return crc.getValue();
    }

    /** Writes it as fast as it is taken; then runs {@code end}. */
    void writeTo(WriteStream<Buffer> out, Runnable end) {
        write(out, length, end);
    }

    void writeTo(OutputStream out) throws IOException {
        for (long left = length; left > 0; left -= BLOCK.length) out.write(BLOCK, 0, (int) Math.min(left, BLOCK.length));
    }

    private static void write(WriteStream<Buffer> out, long left, Runnable end) {
        while (left > 0) {
            if (out.writeQueueFull()) {
                long rest = left;
                out.drainHandler(drained -> {
                    out.drainHandler(null);
                    write(out, rest, end);
                });
                return;
            }
            int part = (int) Math.min(left, BLOCK.length);
            out.write(Buffer.buffer(part == BLOCK.length ? BLOCK : Arrays.copyOf(BLOCK, part)));
            left -= part;
        }
        end.run();
    }
}
