package mesh.proxy.http1;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.fuzz.ShortRun;
import org.junit.jupiter.api.Test;

/** A chunked body is read as its grammar says, wherever it is cut, and not one byte beyond its end. */
class ChunkedDecoderFuzzTest {

    /** RFC 9112 section 7.1, without the white space that it suffers and we do not. */
    private static final Pattern SIZE_LINE = Pattern.compile("([0-9A-Fa-f]{1,16})(;[\\t\\x20-\\x7e\\x80-\\xff]{0,1023})?\\r\\n");
    private static final Pattern TRAILERS = Pattern.compile(
        "(?:[!#$%&'*+\\-.^_`|~0-9A-Za-z]+:[\\t\\x20-\\x7e\\x80-\\xff]*+\\r\\n){0,100}+\\r\\n");

    @Test
    void readsAsTheGrammarSays() {
        ShortRun.of(ChunkedDecoderFuzzTest.class, 40_000, ChunkedDecoderFuzzTest::fuzzerTestOneInput);
    }

    public static void fuzzerTestOneInput(byte[] input) {
        String whole = decoded(input, input.length);
        assertThat(decoded(input, 1)).as("byte by byte").isEqualTo(whole);
        assertThat(decoded(input, 2 + new Random(Arrays.hashCode(input)).nextInt(30))).as("in pieces").isEqualTo(whole);
        String expected = expected(new String(input, StandardCharsets.ISO_8859_1));
        if (expected == null) assertThat(whole).doesNotContain(" ended, left ");
        else assertThat(whole).isEqualTo(expected);
    }

    private static String decoded(byte[] bytes, int step) {
        ChunkedDecoder decoder = new ChunkedDecoder(Http1Limits.DEFAULT);
        decoder.begin();
        StringBuilder body = new StringBuilder();
        for (int from = 0; from < bytes.length; from += step) {
            int to = Math.min(from + step, bytes.length);
            ByteBuf in = Unpooled.wrappedBuffer(bytes, from, to - from);
            for (ByteBuf part = decoder.read(in); part != null; part = decoder.read(in)) {
                body.append(part.toString(StandardCharsets.ISO_8859_1));
                part.release();
            }
            if (decoder.violation() != null) return body + " " + decoder.violation();
            if (decoder.ended()) return body + " ended, left " + (bytes.length - to + in.readableBytes());
            assertThat(in.isReadable()).as("all of it was taken").isFalse();
        }
        return body + " goes on";
    }

    /** The body and what is left behind it; null when it does not end, or not well. */
    private static String expected(String text) {
        StringBuilder body = new StringBuilder();
        Matcher line = SIZE_LINE.matcher(text);
        for (int at = 0; line.region(at, text.length()).lookingAt();) {
            BigInteger size = new BigInteger(line.group(1), 16);
            at = line.end();
            if (size.signum() == 0) {
                Matcher trailers = TRAILERS.matcher(text).region(at, text.length());
                return trailers.lookingAt() ? body + " ended, left " + (text.length() - trailers.end()) : null;
            }
            if (size.bitLength() > 31 || size.intValue() > text.length() - at) return null;
            body.append(text, at, at + size.intValue());
            at += size.intValue();
            if (!text.startsWith("\r\n", at)) return null;
            at += 2;
        }
        return null;
    }
}
