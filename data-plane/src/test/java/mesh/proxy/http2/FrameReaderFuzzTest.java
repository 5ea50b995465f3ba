package mesh.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.Random;
import mesh.fuzz.ShortRun;
import org.junit.jupiter.api.Test;

/** Frames are read alike wherever their bytes are cut; nothing is read ahead of its frame, and nothing after an error. */
class FrameReaderFuzzTest {

    @Test
    void readsAlikeWhereverItIsCut() {
        ShortRun.of(FrameReaderFuzzTest.class, 40_000, FrameReaderFuzzTest::fuzzerTestOneInput);
    }

    public static void fuzzerTestOneInput(byte[] input) {
        String whole = read(input, Math.max(1, input.length));
        assertThat(read(input, 1)).as("byte by byte").isEqualTo(whole);
        assertThat(read(input, 2 + new Random(Arrays.hashCode(input)).nextInt(30))).as("in pieces").isEqualTo(whole);
    }

    private static String read(byte[] bytes, int step) {
        RecordingSink sink = new RecordingSink();
        FrameReader reader = new FrameReader(sink, Http2Limits.SERVER);
        ByteBuf in = Unpooled.buffer(Math.max(1, bytes.length));
        for (int from = 0; from < bytes.length && !sink.isOver(); from += step) {
            in.writeBytes(bytes, from, Math.min(step, bytes.length - from));
            reader.read(in);
            if (!sink.isOver()) assertThat(reader.missing(in)).as("bytes that it waits for").isPositive();
        }
        assertThat(in.refCnt()).isEqualTo(1);
        return String.join("|", sink.seen);
    }
}
