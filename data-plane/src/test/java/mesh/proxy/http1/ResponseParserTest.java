package mesh.proxy.http1;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import mesh.proxy.http.Method;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is a response, how long its body is and whether the connection goes on; every row is tried cut at each of its bytes. */
class ResponseParserTest {

    @ParameterizedTest(name = "{0} {1} -> {2}")
    @CsvSource(delimiter = '|', textBlock = """
        GET  | HTTP/1.1 200 OK¶Content-Length: 5¶¶                          | 5 kept
        GET  | HTTP/1.1 200 OK¶Content-Length: 0¶¶                          | 0 kept
        GET  | HTTP/1.1 200¶Content-Length: 5¶¶                             | 5 kept
        GET  | HTTP/1.1 200 ¶Content-Length: 5¶¶                            | 5 kept
        GET  | HTTP/1.1 200 Très ␉bien¶Content-Length: 5¶¶                  | 5 kept
        GET  | HTTP/1.1 200 OK¶Transfer-Encoding: chunked¶¶                 | chunked kept
        GET  | HTTP/1.1 200 OK¶¶                                            | until-close closed
        GET  | HTTP/1.1 200 OK¶Connection: close¶Content-Length: 5¶¶        | 5 closed
        GET  | HTTP/1.1 200 OK¶Connection: x, Close¶Content-Length: 5¶¶     | 5 closed
        GET  | HTTP/1.0 200 OK¶Content-Length: 5¶¶                          | 5 closed
        GET  | HTTP/1.0 200 OK¶Content-Length: 5¶Connection: keep-alive¶¶   | 5 kept
        GET  | HTTP/1.0 200 OK¶Connection: keep-alive¶¶                     | until-close closed
        HEAD | HTTP/1.1 200 OK¶Content-Length: 5¶¶                          | 0 kept
        HEAD | HTTP/1.1 200 OK¶Transfer-Encoding: chunked¶¶                 | 0 kept
        HEAD | HTTP/1.1 200 OK¶¶                                            | 0 kept
        GET  | HTTP/1.1 204 No Content¶Content-Length: 5¶¶                  | 0 kept
        GET  | HTTP/1.1 304 Not Modified¶Content-Length: 5¶¶                | 0 kept
        GET  | HTTP/1.1 100 Continue¶¶                                      | 0 kept
        GET  | HTTP/1.1 103 Early Hints¶Content-Length: 5¶¶                 | 0 kept
        GET  | HTTP/1.1 205 Reset¶Content-Length: 5¶¶                       | 5 kept
        GET  | HTTP/1.1 999 Strange¶Content-Length: 5¶¶                     | 5 kept
        """)
    void accepts(String method, String readable, String meaning) {
        assertThat(atEveryCut(method, readable)).containsOnly(meaning);
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource(delimiter = '|', textBlock = """
        ¶HTTP/1.1 200 OK¶¶                                                     | LEADING_BYTES
        ␀HTTP/1.1 200 OK¶¶                                                     | LEADING_BYTES
        HTTP/1.1 200 OK␊¶                                                      | BARE_LF
        HTTP/1.1 200 OK␍x¶¶                                                    | BARE_CR
        HTTP/1.1 200 O␀K¶¶                                                     | START_LINE_CONTROL
        HTTP/2.0 200 OK¶¶                                                      | VERSION
        HTTP/1.x 200 OK¶¶                                                      | VERSION
        ICY 200 OK¶¶                                                           | STATUS_LINE
        HTTP/1.1  200 OK¶¶                                                     | STATUS_LINE
        HTTP/1.1 20 OK¶¶                                                       | STATUS_LINE
        HTTP/1.1 2000 OK¶¶                                                     | STATUS_LINE
        HTTP/1.1 099 OK¶¶                                                      | STATUS_LINE
        HTTP/1.1 +20 OK¶¶                                                      | STATUS_LINE
        HTTP/1.1 ¶¶                                                            | STATUS_LINE
        <html>¶¶                                                               | STATUS_LINE
        HTTP/1.1 200 OK¶A : b¶¶                                                | SPACE_BEFORE_COLON
        HTTP/1.1 200 OK¶A: b¶ c¶¶                                              | FOLDED_LINE
        HTTP/1.1 200 OK¶A: ␀¶¶                                                 | FIELD_VALUE
        HTTP/1.1 200 OK¶Content-Length: 5¶Transfer-Encoding: chunked¶¶         | LENGTH_AND_CODING
        HTTP/1.1 200 OK¶Content-Length: 5¶Content-Length: 5¶¶                  | CONTENT_LENGTH_TWICE
        HTTP/1.1 200 OK¶Content-Length: 5, 5¶¶                                 | CONTENT_LENGTH
        HTTP/1.1 200 OK¶Content-Length: -1¶¶                                   | CONTENT_LENGTH
        HTTP/1.1 200 OK¶Transfer-Encoding: gzip, chunked¶¶                     | TRANSFER_CODING
        HTTP/1.0 200 OK¶Transfer-Encoding: chunked¶¶                           | TRANSFER_CODING_IN_10
        """)
    void refuses(String readable, Violation violation) {
        assertThat(atEveryCut("GET", readable)).containsOnly(violation.toString());
    }

    private static String[] atEveryCut(String method, String readable) {
        byte[] bytes = Wire.text(readable).getBytes(StandardCharsets.ISO_8859_1);
        String[] meanings = new String[bytes.length + 1];
        for (int cut = 0; cut < bytes.length; cut++) meanings[cut] = meaning(method, bytes, cut, bytes.length - cut);
        meanings[bytes.length] = meaning(method, bytes, 1, 1);
        return meanings;
    }

    private static String meaning(String method, byte[] bytes, int first, int step) {
        ResponseParser parser = new ResponseParser(new ResponseHead(), Http1Limits.DEFAULT);
        Method of = RequestHead.of(method, "/", "h").method();
        parser.begin(of);
        for (int from = 0, to = first; from < bytes.length; from = to, to = Math.min(bytes.length, to + step)) {
            if (!parser.parse(Unpooled.wrappedBuffer(bytes, from, to - from))) continue;
            if (parser.violation() != null) return parser.violation().toString();
            long framing = parser.framing();
            String length = framing == BodyFraming.CHUNKED ? "chunked" : framing == BodyFraming.UNTIL_CLOSE ? "until-close" : Long.toString(framing);
            return length + (parser.persistent() ? " kept" : " closed");
        }
        return "incomplete";
    }
}
