package mesh.proxy.http1;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import mesh.fuzz.ShortRun;
import mesh.proxy.http.RequestHead;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Broken requests by the hundred thousand: the parser must not throw, must not depend on cuts, and must judge as {@link RequestOracle} does. */
class RequestParserFuzzTest {

    private static final String[] SEEDS = {
        "GET / HTTP/1.1¶Host: h¶¶",
        "GET /a/../b;c?d=e%20f HTTP/1.1¶Host: example.org:8080¶Accept: */*¶User-Agent: x y/1.0 (z)¶¶",
        "POST /x HTTP/1.1¶Host: h¶Content-Length: 12¶Content-Type: text/plain¶¶",
        "POST /x HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶Expect: 100-continue¶¶",
        "PUT http://[::1]:80/x?y HTTP/1.0¶Connection: keep-alive¶Content-Length:0¶¶",
        "OPTIONS * HTTP/1.1¶Host:␉h␠¶Upgrade: websocket¶Connection: Upgrade¶¶",
    };
    /** What attacks and accidents are made of. */
    private static final String[] PIECES = {
        "␍", "␊", "¶", "¶¶", "␀", "␉", " ", ":", ",", ";", "%", "%00", "%2e", "../", "#", "\\", "é", "␡", "\"", "Host: i¶", "Content-Length: 3¶",
        "content-length:12¶", "Transfer-Encoding: chunked¶", "Transfer-Encoding: identity¶", "Transfer-Encoding:␉chunked¶", "chunked, chunked",
        "HTTP/1.0", "HTTP/1.1", "HTTP/2.0", " folded", "X : y¶", "9223372036854775808", "+1", "0x1", "*", "http://h", "Expect: x¶", "GET / HTTP/1.1¶"};

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void judgesAsTheOracle(long seed) {
        Random random = new Random(seed);
        int accepted = 0;
        for (int i = 0; i < 60_000; i++) {
            if (isAccepted(mutated(random), random)) accepted++;
        }
        // Otherwise the mutations would be too wild to test anything.
        assertThat(accepted).isBetween(6_000, 54_000);
    }

    @Test
    void judgesItsCorpusAsTheOracle() {
        ShortRun.of(RequestParserFuzzTest.class, 20_000, RequestParserFuzzTest::fuzzerTestOneInput);
    }

    public static void fuzzerTestOneInput(byte[] input) {
        isAccepted(new String(input, StandardCharsets.ISO_8859_1), new Random(Arrays.hashCode(input)));
    }

    private static boolean isAccepted(String text, Random random) {
        String expected = RequestOracle.judge(text);
        String parsed = parsed(text, random);
        // The parser may know before the end that a head cannot be right any more.
        if (!expected.equals("more") || !parsed.equals("refused")) assertThat(parsed).as(Wire.readable(text)).isEqualTo(expected);
        return !parsed.equals("refused") && !parsed.equals("more");
    }

    @Test
    void randomBytesAreRefusedOrIncompleteAndNeverThrow() {
        Random random = new Random(4);
        byte[] bytes = new byte[300];
        for (int i = 0; i < 20_000; i++) {
            random.nextBytes(bytes);
            assertThat(parsed(new String(bytes, StandardCharsets.ISO_8859_1), random)).isIn("refused", "more");
        }
    }

    private static String mutated(Random random) {
        StringBuilder text = new StringBuilder(Wire.text(SEEDS[random.nextInt(SEEDS.length)]));
        for (int n = random.nextInt(3); n >= 0; n--) {
            int at = random.nextInt(text.length());
            switch (random.nextInt(6)) {
                case 0 -> text.setCharAt(at, (char) random.nextInt(256));
                case 1 -> text.deleteCharAt(at);
                case 2 -> text.insert(at, text.charAt(at));
                case 3 -> text.insert(lineStart(text, at), Wire.text(PIECES[random.nextInt(PIECES.length)]));
                case 4 -> text.insert(at, Wire.text(PIECES[random.nextInt(PIECES.length)]));
                default -> text.insert(at, text.substring(at, Math.min(text.length(), at + random.nextInt(30))));
            }
        }
        return text.toString();
    }

    private static int lineStart(StringBuilder text, int at) {
        return text.lastIndexOf("\n", at) + 1;
    }

    private static String parsed(String text, Random random) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        RequestParser parser = new RequestParser(new RequestHead(), Http1Limits.DEFAULT);
        for (int from = 0, to; from < bytes.length; from = to) {
            to = random.nextBoolean() ? bytes.length : Math.min(bytes.length, from + 1 + random.nextInt(20));
            ByteBuf in = Unpooled.wrappedBuffer(bytes, from, to - from);
            if (!parser.parse(in)) continue;
            if (parser.violation() != null) return "refused";
            return parser.framing() == BodyFraming.CHUNKED ? "chunked" : Long.toString(parser.framing());
        }
        return "more";
    }
}
