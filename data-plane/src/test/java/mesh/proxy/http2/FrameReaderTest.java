package mesh.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Frames are written in hexadecimal: length, type, flags, stream, payload. */
class FrameReaderTest {

    private static final String SETTINGS = "000000 04 00 00000000";

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {
        "000003 00 01 00000001 616263; data 1 of 3|part abc|end 0 true",
        "000000 00 01 00000001; data 1 of 0|end 0 true",
        "000006 00 08 00000001 02 616263 0000; data 1 of 6|part abc|end 3 false",
        "000001 00 09 00000001 00; data 1 of 1|end 1 true",
        "000001 01 05 00000001 82; head 1 82 true",
        "000004 01 0c 00000001 02 82 0000; head 1 82 false",
        "000006 01 24 00000003 00000001 10 82; head 3 82 false",
        "000006 01 24 00000003 00000003 10 82; head 3 82 false own parent",
        "000001 01 01 00000001 82 000001 09 00 00000001 86 000001 09 04 00000001 84; head 1 828684 true",
        "000005 02 00 00000001 00000000 10; priority 1 null",
        "000005 02 00 00000001 00000001 10; priority 1 PROTOCOL_ERROR",
        "000004 02 00 00000001 00000001; priority 1 FRAME_SIZE_ERROR",
        "000004 03 00 00000001 00000008; reset 1 8",
        "000006 04 00 00000000 0003 00000064; setting 3 100|settings false",
        "000000 04 01 00000000; settings true",
        "000008 06 00 00000000 0000000000000007; ping 7 false",
        "000008 06 01 00000000 0000000000000007; ping 7 true",
        "000008 07 00 00000000 00000005 00000000; away 5 0",
        "00000a 07 00 00000000 00000005 00000002 6869; away 5 2",
        "000004 08 00 00000000 00000005; window 0 5",
        "000004 08 00 00000003 80000005; window 3 5",
        "000003 77 ff 00000003 616263; unknown",
        "004001 00 00 00000001; error FRAME_SIZE_ERROR",
        "000001 00 00 00000000 61; error PROTOCOL_ERROR",
        "000000 00 08 00000001; error FRAME_SIZE_ERROR",
        "000002 00 08 00000001 0261; error PROTOCOL_ERROR",
        "000001 01 04 00000000 82; error PROTOCOL_ERROR",
        "000002 01 0c 00000001 0282; error PROTOCOL_ERROR",
        "000004 01 24 00000001 00000000; error FRAME_SIZE_ERROR",
        "000005 02 00 00000000 00000000 10; error PROTOCOL_ERROR",
        "000004 03 00 00000000 00000008; error PROTOCOL_ERROR",
        "000003 03 00 00000001 000000; error FRAME_SIZE_ERROR",
        "000001 04 01 00000000 00; error FRAME_SIZE_ERROR",
        "000005 04 00 00000000 0003000000; error FRAME_SIZE_ERROR",
        "000000 04 00 00000001; error PROTOCOL_ERROR",
        "000004 05 04 00000001 00000002; error PROTOCOL_ERROR",
        "000007 06 00 00000000 00000000000000; error FRAME_SIZE_ERROR",
        "000008 06 00 00000001 0000000000000000; error PROTOCOL_ERROR",
        "000007 07 00 00000000 00000000000000; error FRAME_SIZE_ERROR",
        "000008 07 00 00000001 0000000000000000; error PROTOCOL_ERROR",
        "000003 08 00 00000000 000000; error FRAME_SIZE_ERROR",
        "000001 09 04 00000001 82; error PROTOCOL_ERROR",
        "000001 01 00 00000001 82 000001 09 04 00000003 82; error PROTOCOL_ERROR",
        "000001 01 00 00000001 82 000001 00 00 00000001 61; error PROTOCOL_ERROR",
        "000001 01 00 00000001 82 000000 77 00 00000001; error PROTOCOL_ERROR",
    })
    void readsTheSameWhereverTheBytesAreSplit(String frames, String expected) {
        byte[] bytes = hex(SETTINGS + frames);
        String whole = read(bytes, bytes.length);
        assertThat(whole).isEqualTo("settings false|" + expected);
        for (int split = 1; split < bytes.length; split++) assertThat(read(bytes, split)).as("split at " + split).isEqualTo(whole);
    }

    @Test
    void wantsSettingsFirst() {
        assertThat(read(hex("000008 06 00 00000000 0000000000000007"), 99)).isEqualTo("error PROTOCOL_ERROR");
        assertThat(read(hex("000000 04 01 00000000"), 99)).isEqualTo("error PROTOCOL_ERROR");
    }

    /** CVE-2024-27316: frames without bytes, and without end. */
    @Test
    void endsAHeaderBlockThatDoesNotEnd() {
        String block = SETTINGS + "000001 01 00 00000001 82" + "000000 09 00 00000001".repeat(Http2Limits.SERVER.continuations());
        assertThat(read(hex(block + "000000 09 04 00000001"), 9999)).endsWith("error ENHANCE_YOUR_CALM");
        assertThat(read(hex(block), 9999)).isEqualTo("settings false");
    }

    @Test
    void endsAHeaderBlockThatIsTooLong() {
        String frame = "004000 09 00 00000001" + "00".repeat(16_384);
        assertThat(read(hex(SETTINGS + "000001 01 00 00000001 82" + frame.repeat(4)), 99_999)).endsWith("error ENHANCE_YOUR_CALM");
    }

    private static String read(byte[] bytes, int split) {
        RecordingSink recorder = new RecordingSink();
        FrameReader reader = new FrameReader(recorder, Http2Limits.SERVER);
        ByteBuf in = Unpooled.buffer();
        in.writeBytes(bytes, 0, Math.min(split, bytes.length));
        reader.read(in);
        if (split < bytes.length) {
            in.writeBytes(bytes, split, bytes.length - split);
            reader.read(in);
        }
        return String.join("|", recorder.seen);
    }

    private static byte[] hex(String text) {
        return ByteBufUtil.decodeHexDump(text.replace(" ", ""));
    }
}
