package mesh.proxy.http1;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import mesh.proxy.http.Fields;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RFC 9112 section 7.1, one row a rule; every row is tried cut at each of its bytes. Written: data, then trailers in brackets, then what is left. */
class ChunkedDecoderTest {

    private static final String BIG = "X: " + "a".repeat(Http1Limits.DEFAULT.headBytes() - 7);

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource(delimiter = '|', textBlock = """
        0¶¶                                       | []
        0000¶¶                                    | []
        5¶hello¶0¶¶                               | hello[]
        5¶hello¶0¶¶GET                            | hello[]GET
        00000000000000a¶0123456789¶0¶¶            | 0123456789[]
        A¶0123456789¶1¶x¶0¶¶                      | 0123456789x[]
        2¶¶¶0¶¶                                   | ¶[]
        5;a=b;c="d"¶hello¶0;last¶¶                | hello[]
        5;␉x¶hello¶0¶¶                            | hello[]
        0¶A: b¶C:d¶¶                              | [A: b,C: d]
        0¶Content-Length: 7¶Host: x¶A: b¶¶        | [A: b]
        0¶Transfer-Encoding: x¶¶                  | []
        0¶Authorization: x¶Set-Cookie: x¶TE: x¶¶  | []
        """)
    void takesTheCodingOff(String readable, String decoded) {
        assertThat(atEveryCut(Wire.text(readable))).containsOnly(Wire.text(decoded));
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource(delimiter = '|', textBlock = """
        ¶                                         | CHUNK_SIZE
        x¶                                        | CHUNK_SIZE
        -1¶                                       | CHUNK_SIZE
        +1¶                                       | CHUNK_SIZE
        0x1¶                                      | CHUNK_SIZE
        1_0¶                                      | CHUNK_SIZE
        ␠5¶hello¶                                 | CHUNK_SIZE
        5 ¶hello¶                                 | CHUNK_SIZE
        5 ;a¶hello¶                               | CHUNK_SIZE
        8000000000000000¶                         | CHUNK_SIZE
        fffffffffffffffff¶                        | CHUNK_SIZE
        00000000000000005¶                        | CHUNK_SIZE
        5␊hello¶                                  | CHUNK_SIZE
        5␍hello¶                                  | BARE_CR
        5;a␊hello¶                                | CHUNK_EXTENSION
        5;a␀¶hello¶                               | CHUNK_EXTENSION
        5;a␍hello¶                                | BARE_CR
        5¶helloX                                  | CHUNK_END
        5¶hello␊0¶¶                               | CHUNK_END
        5¶hello␍X                                 | CHUNK_END
        5¶hello!!¶0¶¶                             | CHUNK_END
        0¶A : b¶¶                                 | SPACE_BEFORE_COLON
        0¶ A: b¶¶                                 | FOLDED_LINE
        0¶A: b␊¶                                  | BARE_LF
        0¶␊                                       | BARE_LF
        0¶␍x                                      | BARE_CR
        """)
    void refuses(String readable, String violation) {
        assertThat(atEveryCut(Wire.text(readable))).containsOnly(violation);
    }

    @Test
    void anExtensionMayHave1KiBAndNoMore() {
        assertThat(decoded("0;" + "a".repeat(1023) + "\r\n\r\n", 1, 1)).isEqualTo("[]");
        assertThat(decoded("0;" + "a".repeat(1024) + "\r\n\r\n", 1, 1)).isEqualTo("CHUNK_EXTENSION");
    }

    @Test
    void trailersHaveTheLimitsOfAHead() {
        assertThat(decoded("0\r\n" + BIG + "\r\n\r\n", 7, 1000)).startsWith("[X: aaa");
        assertThat(decoded("0\r\n" + BIG + "a\r\n\r\n", 7, 1000)).isEqualTo("HEAD_TOO_LARGE");
        assertThat(decoded("0\r\n" + "A: b\r\n".repeat(101) + "\r\n", 7, 1000)).isEqualTo("TOO_MANY_FIELDS");
    }

    @Test
    void aChunkMayHave2To63Minus1Bytes() {
        ChunkedDecoder decoder = new ChunkedDecoder(Http1Limits.DEFAULT);
        decoder.begin();
        ByteBuf part = decoder.read(Wire.bytes("7fffffffffffffff¶x"));
        assertThat(part.toString(StandardCharsets.US_ASCII)).isEqualTo("x");
        assertThat(decoder.violation()).isNull();
        part.release();
    }

    @Test
    void dataIsPassedOnAsItComesAndNotCopied() {
        ByteBuf in = Wire.bytes("5¶hel");
        ChunkedDecoder decoder = new ChunkedDecoder(Http1Limits.DEFAULT);
        decoder.begin();
        ByteBuf part = decoder.read(in);
        in.setByte(3, 'H');
        assertThat(part.toString(StandardCharsets.US_ASCII)).isEqualTo("Hel");
        part.release();
    }

    @Test
    void beginsAnewWithEachBody() {
        ChunkedDecoder decoder = new ChunkedDecoder(Http1Limits.DEFAULT);
        decoder.begin();
        assertThat(decoder.read(Wire.bytes("0¶A: b¶¶"))).isNull();
        assertThat(decoder.trailers().count()).isEqualTo(1);
        decoder.begin();
        assertThat(decoder.ended()).isFalse();
        assertThat(decoder.read(Wire.bytes("0¶¶"))).isNull();
        assertThat(decoder.ended()).isTrue();
        assertThat(decoder.trailers()).isNull();
    }

    private static String[] atEveryCut(String text) {
        String[] all = new String[text.length() + 1];
        for (int cut = 0; cut < text.length(); cut++) all[cut] = decoded(text, cut, text.length() - cut);
        all[text.length()] = decoded(text, 1, 1);
        return all;
    }

    private static String decoded(String text, int first, int step) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        ChunkedDecoder decoder = new ChunkedDecoder(Http1Limits.DEFAULT);
        decoder.begin();
        StringBuilder out = new StringBuilder();
        StringBuilder left = new StringBuilder();
        for (int from = 0, to = first; from < bytes.length; from = to, to = Math.min(bytes.length, to + step)) {
            ByteBuf in = Unpooled.wrappedBuffer(bytes, from, to - from);
            for (ByteBuf part = decoder.read(in); part != null; part = decoder.read(in)) {
                out.append(part.toString(StandardCharsets.ISO_8859_1));
                part.release();
            }
            if (decoder.violation() != null) return decoder.violation().toString();
            left.append(in.toString(StandardCharsets.ISO_8859_1));
        }
        return decoder.ended() ? out + "[" + listed(decoder.trailers()) + "]" + left : out + "...";
    }

    private static String listed(Fields trailers) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; trailers != null && i < trailers.count(); i++) {
            out.append(i > 0 ? "," : "").append(trailers.name(i)).append(": ").append(trailers.value(i));
        }
        return out.toString();
    }
}
