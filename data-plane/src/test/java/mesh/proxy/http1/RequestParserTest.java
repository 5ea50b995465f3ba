package mesh.proxy.http1;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is a request and what is not, one row each; every row is tried cut at each of its bytes. */
class RequestParserTest {

    private static final Http1Limits SMALL = new Http1Limits(
        200, 40, 4, Http1Limits.DEFAULT.head(), Http1Limits.DEFAULT.body(), Http1Limits.DEFAULT.idle(), Http1Limits.DEFAULT.halfClosed());

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
        GET / HTTP/1.1¶Host: h¶¶                                               | none
        ¶GET / HTTP/1.1¶Host: h¶¶                                              | none
        GET / HTTP/1.0¶¶                                                       | none
        GET / HTTP/1.1¶Host:¶¶                                                 | none
        GET / HTTP/1.9¶Host: h¶¶                                               | none
        !#$%&'*+-.^_`a / HTTP/1.1¶Host: h¶¶                                    | none
        POST / HTTP/1.1¶Host: h¶Content-Length: 5¶¶                            | 5
        POST / HTTP/1.1¶Host: h¶content-length:0005␉␠¶¶                        | 5
        POST / HTTP/1.1¶Host: h¶Transfer-Encoding: ChunkeD¶¶                   | chunked
        POST / HTTP/1.1¶Host: h¶Content-Length: 9223372036854775807¶¶          | 9223372036854775807
        GET / HTTP/1.1¶Host: h¶A:¶B:␉␠x y␠␉¶C: é¶¶                             | none
        GET http://x/a HTTP/1.1¶Host: h¶¶                                      | none
        OPTIONS * HTTP/1.1¶Host: h¶¶                                           | none
        """)
    void accepts(String readable, String framing) {
        for (Outcome outcome : atEveryCut(readable, Http1Limits.DEFAULT)) {
            assertThat(outcome).isEqualTo(new Outcome(null, framing, ""));
        }
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
        # The start line: RFC 9112 sections 2.2 and 3. Netty CVE-2026-50020 skipped leading control bytes.
        ¶¶GET / HTTP/1.1¶Host: h¶¶                                             | LEADING_BYTES
        ␊GET / HTTP/1.1¶Host: h¶¶                                              | LEADING_BYTES
        ␀GET / HTTP/1.1¶Host: h¶¶                                              | LEADING_BYTES
        ␛␡GET / HTTP/1.1¶Host: h¶¶                                             | LEADING_BYTES
        ¶␀GET / HTTP/1.1¶Host: h¶¶                                             | LEADING_BYTES
        ␠GET / HTTP/1.1¶Host: h¶¶                                              | METHOD
        ␍GET / HTTP/1.1¶Host: h¶¶                                              | BARE_CR
        GET / HTTP/1.1␊Host: h¶¶                                               | BARE_LF
        GET / HTTP/1.1␍Host: h¶¶                                               | BARE_CR
        GET / HTTP/1.1␍␍␊Host: h¶¶                                             | BARE_CR
        GET /␀ HTTP/1.1¶Host: h¶¶                                              | START_LINE_CONTROL
        GET / HTTP/1.1¶                                                        | MORE
        GET¶¶                                                                  | METHOD
        GET ¶¶                                                                 | REQUEST_LINE
        GET /¶¶                                                                | REQUEST_LINE
        GET  / HTTP/1.1¶Host: h¶¶                                              | REQUEST_LINE
        GET /  HTTP/1.1¶Host: h¶¶                                              | VERSION
        GET / HTTP/1.1 ¶Host: h¶¶                                              | VERSION
        GET / x HTTP/1.1¶Host: h¶¶                                             | VERSION
        GET␉/ HTTP/1.1¶Host: h¶¶                                               | METHOD
        G(T / HTTP/1.1¶Host: h¶¶                                               | METHOD
        GÉT / HTTP/1.1¶Host: h¶¶                                               | METHOD
        GET / http/1.1¶Host: h¶¶                                               | VERSION
        GET / HTTP/1¶Host: h¶¶                                                 | VERSION
        GET / HTTP/1.11¶Host: h¶¶                                              | VERSION
        GET / HTTP/x.1¶Host: h¶¶                                               | VERSION
        GET / HTTP/2.0¶Host: h¶¶                                               | MAJOR_VERSION
        PRI * HTTP/2.0¶¶                                                       | MAJOR_VERSION
        GET / HTTP/0.9¶Host: h¶¶                                               | MAJOR_VERSION
        # Targets: RFC 9112 section 3.2.
        CONNECT h:443 HTTP/1.1¶Host: h:443¶¶                                   | CONNECT
        GET * HTTP/1.1¶Host: h¶¶                                               | TARGET
        GET a HTTP/1.1¶Host: h¶¶                                               | TARGET
        GET h:80 HTTP/1.1¶Host: h¶¶                                            | TARGET
        GET /%00 HTTP/1.1¶Host: h¶¶                                            | TARGET
        GET /%zz HTTP/1.1¶Host: h¶¶                                            | TARGET
        GET /é HTTP/1.1¶Host: h¶¶                                              | TARGET
        GET /\\ HTTP/1.1¶Host: h¶¶                                             | TARGET
        GET http://u@h/ HTTP/1.1¶Host: h¶¶                                     | TARGET
        # Field lines: RFC 9112 section 5, RFC 9110 section 5.5.
        GET / HTTP/1.1¶Host: h¶A : b¶¶                                         | SPACE_BEFORE_COLON
        GET / HTTP/1.1¶Host: h¶A␉: b¶¶                                         | SPACE_BEFORE_COLON
        GET / HTTP/1.1¶Host: h¶A b: c¶¶                                        | SPACE_BEFORE_COLON
        GET / HTTP/1.1¶Host: h¶A: b¶ c¶¶                                       | FOLDED_LINE
        GET / HTTP/1.1¶Host: h¶A: b¶␉c¶¶                                       | FOLDED_LINE
        GET / HTTP/1.1¶ Host: h¶¶                                              | FOLDED_LINE
        GET / HTTP/1.1¶Host: h¶: b¶¶                                           | FIELD_NAME
        GET / HTTP/1.1¶Host: h¶A¶¶                                             | FIELD_NAME
        GET / HTTP/1.1¶Host: h¶A{}: b¶¶                                        | FIELD_NAME
        GET / HTTP/1.1¶Host: h¶Á: b¶¶                                          | FIELD_NAME
        GET / HTTP/1.1¶Host: h¶A␀: b¶¶                                         | FIELD_NAME
        GET / HTTP/1.1¶Host: h¶A: ␀¶¶                                          | FIELD_VALUE
        GET / HTTP/1.1¶Host: h¶A: b␛c¶¶                                        | FIELD_VALUE
        GET / HTTP/1.1¶Host: h¶A: b␡¶¶                                         | FIELD_VALUE
        GET / HTTP/1.1¶Host: h¶A: b␊¶¶                                         | BARE_LF
        GET / HTTP/1.1¶Host: h¶A: b␍c¶¶                                        | BARE_CR
        GET / HTTP/1.1¶Host: h¶A: b¶␊                                          | BARE_LF
        GET / HTTP/1.1¶Host: h¶A: b¶␍x                                         | BARE_CR
        # Host: RFC 9112 section 3.2.
        GET / HTTP/1.1¶¶                                                       | HOST
        GET / HTTP/1.1¶Host:¶Host: a¶¶                                         | HOST
        GET / HTTP/1.1¶Host: :80¶¶                                             | HOST
        GET / HTTP/1.1¶Host: a¶Host: a¶¶                                       | HOST
        GET / HTTP/1.1¶Host: a¶hoST: b¶¶                                       | HOST
        GET / HTTP/1.1¶Host: a b¶¶                                             | HOST
        GET / HTTP/1.1¶Host: a/b¶¶                                             | HOST
        GET / HTTP/1.1¶Host: u@h¶¶                                             | HOST
        GET / HTTP/1.1¶Host: h:x¶¶                                             | HOST
        GET / HTTP/1.0¶Host: a¶Host: b¶¶                                       | HOST
        GET http://x/ HTTP/1.1¶¶                                               | HOST
        # Framing: RFC 9112 sections 6.1 and 6.3. Netty CVE-2026-42581 kept both on HTTP/1.0.
        POST / HTTP/1.1¶Host: h¶Content-Length: 5¶Transfer-Encoding: chunked¶¶ | LENGTH_AND_CODING
        POST / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶Content-Length: 5¶¶ | LENGTH_AND_CODING
        POST / HTTP/1.0¶Host: h¶Transfer-Encoding: chunked¶Content-Length: 5¶¶ | TRANSFER_CODING_IN_10
        POST / HTTP/1.0¶Host: h¶Transfer-Encoding: chunked¶¶                   | TRANSFER_CODING_IN_10
        POST / HTTP/1.1¶Host: h¶Content-Length: 5¶Content-Length: 5¶¶          | CONTENT_LENGTH_TWICE
        POST / HTTP/1.1¶Host: h¶Content-Length: 5¶Content-Length: 6¶¶          | CONTENT_LENGTH_TWICE
        POST / HTTP/1.1¶Host: h¶Content-Length: 5, 5¶¶                         | CONTENT_LENGTH
        POST / HTTP/1.1¶Host: h¶Content-Length: +5¶¶                           | CONTENT_LENGTH
        POST / HTTP/1.1¶Host: h¶Content-Length: -5¶¶                           | CONTENT_LENGTH
        POST / HTTP/1.1¶Host: h¶Content-Length: 0x5¶¶                          | CONTENT_LENGTH
        POST / HTTP/1.1¶Host: h¶Content-Length: 5 5¶¶                          | CONTENT_LENGTH
        POST / HTTP/1.1¶Host: h¶Content-Length:¶¶                              | CONTENT_LENGTH
        POST / HTTP/1.1¶Host: h¶Content-Length: 5.0¶¶                          | CONTENT_LENGTH
        POST / HTTP/1.1¶Host: h¶Content-Length: 9223372036854775808¶¶          | CONTENT_LENGTH
        POST / HTTP/1.1¶Host: h¶Content-Length: 18446744073709551621¶¶         | CONTENT_LENGTH
        POST / HTTP/1.1¶Host: h¶Transfer-Encoding: gzip, chunked¶¶             | TRANSFER_CODING
        POST / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked, identity¶¶         | TRANSFER_CODING
        POST / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked, chunked¶¶          | TRANSFER_CODING
        POST / HTTP/1.1¶Host: h¶Transfer-Encoding: identity¶¶                  | TRANSFER_CODING
        POST / HTTP/1.1¶Host: h¶Transfer-Encoding: xchunked¶¶                  | TRANSFER_CODING
        POST / HTTP/1.1¶Host: h¶Transfer-Encoding: "chunked"¶¶                 | TRANSFER_CODING
        POST / HTTP/1.1¶Host: h¶Transfer-Encoding:¶¶                           | TRANSFER_CODING
        POST / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶Transfer-Encoding: chunked¶¶ | TRANSFER_CODING
        POST / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶Transfer-Encoding: x¶¶ | TRANSFER_CODING
        # Expect: RFC 9110 section 10.1.1.
        POST / HTTP/1.1¶Host: h¶Content-Length: 5¶Expect: 200-ok¶¶             | EXPECT
        POST / HTTP/1.1¶Host: h¶Content-Length: 5¶Expect: 100-continue, x¶¶    | EXPECT
        """)
    void refuses(String readable, String violation) {
        for (Outcome outcome : atEveryCut(readable, Http1Limits.DEFAULT)) {
            if (violation.equals("MORE")) assertThat(outcome).isNull();
            else assertThat(outcome.violation()).isEqualTo(Violation.valueOf(violation));
        }
    }

    @Test
    void theRequestLineMayBeAsLongAsItsLimitAndNoLonger() {
        String longest = "GET /" + "a".repeat(40 - "GET / HTTP/1.1".length()) + " HTTP/1.1";
        assertAll(longest + "¶Host: h¶¶", null);
        assertAll(longest.replace("/a", "/aa") + "¶Host: h¶¶", Violation.REQUEST_LINE_TOO_LONG);
    }

    @Test
    void theHeadMayBeAsLargeAsItsLimitAndNoLarger() {
        String start = "GET / HTTP/1.1\r\nHost: h\r\nA: ";
        String largest = start + "a".repeat(200 - start.length() - 4) + "¶¶";
        assertAll(largest, null);
        assertAll(largest.replace("A: a", "A: aa"), Violation.HEAD_TOO_LARGE);
    }

    @Test
    void theHeadMayHaveAsManyFieldsAsItsLimitAndNoMore() {
        assertAll("GET / HTTP/1.1¶Host: h¶A: 1¶A: 2¶A: 3¶¶", null);
        assertAll("GET / HTTP/1.1¶Host: h¶A: 1¶A: 2¶A: 3¶A: 4¶¶", Violation.TOO_MANY_FIELDS);
    }

    @Test
    void leavesWhatComesBehindTheHead() {
        ByteBuf in = Wire.bytes("POST / HTTP/1.1¶Host: h¶Content-Length: 4¶¶bodyGET /next");
        RequestParser parser = new RequestParser(new RequestHead(), Http1Limits.DEFAULT);
        assertThat(parser.parse(in)).isTrue();
        assertThat(in.toString(StandardCharsets.US_ASCII)).isEqualTo("bodyGET /next");
    }

    @Test
    void anUnchangedHeadIsWrittenByteForByte() {
        String text = "GET /a?b HTTP/1.1¶hOst:h¶X:   ␉a  b  ␠¶Y:¶Obs: ÿé¶¶";
        assertThat(forwarded(text)).isEqualTo(Wire.text(text));
    }

    @Test
    void http10IsForwardedAsHttp11WithAnEmptyHost() {
        assertThat(forwarded("GET / HTTP/1.0¶A: b¶¶")).isEqualTo(Wire.text("GET / HTTP/1.1¶A: b¶host:¶¶"));
    }

    @Test
    void anAbsoluteTargetIsForwardedInOriginFormWithItsHostInTheHostsPlace() {
        assertThat(forwarded("GET http://real:81/x/../y?q HTTP/1.1¶Host: claimed¶A: b¶¶"))
            .isEqualTo(Wire.text("GET /y?q HTTP/1.1¶host: real:81¶A: b¶¶"));
    }

    @Test
    void anEmptyLineBeforeTheRequestIsNotForwarded() {
        assertThat(forwarded("¶GET / HTTP/1.1¶Host: h¶¶")).isEqualTo(Wire.text("GET / HTTP/1.1¶Host: h¶¶"));
    }

    @Test
    void continueIsExpectedOnlyWhereThereIsABodyAndTheClientSpeaks11() {
        assertThat(parsed("POST / HTTP/1.1¶Host: h¶Content-Length: 1¶Expect: 100-Continue¶¶").expectsContinue()).isTrue();
        assertThat(parsed("POST / HTTP/1.0¶Host: h¶Content-Length: 1¶Expect: 100-continue¶¶").expectsContinue()).isFalse();
        assertThat(forwarded("GET / HTTP/1.1¶Host: h¶Expect: 100-continue¶¶")).isEqualTo(Wire.text("GET / HTTP/1.1¶Host: h¶¶"));
    }

    @Test
    void theConnectionIsKeptUnlessTheClientSaysCloseOrSpeaks10() {
        assertThat(parsed("GET / HTTP/1.1¶Host: h¶¶").persistent()).isTrue();
        assertThat(parsed("GET / HTTP/1.1¶Host: h¶Connection: foo, Close¶¶").persistent()).isFalse();
        assertThat(parsed("GET / HTTP/1.0¶Host: h¶Connection: keep-alive¶¶").persistent()).isFalse();
    }

    @Test
    void anUpgradeInHttp10IsIgnored() {
        RequestHead head = new RequestHead();
        parse(new RequestParser(head, Http1Limits.DEFAULT), "GET / HTTP/1.1¶Host: h¶Upgrade: x¶Connection: upgrade¶¶");
        head.remove(FieldName.CONNECTION);
        assertThat(head.upgrade()).isEqualTo("x");
        RequestHead old = new RequestHead();
        parse(new RequestParser(old, Http1Limits.DEFAULT), "GET / HTTP/1.0¶Host: h¶Upgrade: x¶Connection: upgrade¶¶");
        assertThat(old.upgrade()).isNull();
    }

    /** What came of a head; null while it is incomplete. */
    private record Outcome(Violation violation, String framing, String left) {}

    private static void assertAll(String readable, Violation violation) {
        assertThat(atEveryCut(readable, SMALL)).allSatisfy(outcome -> assertThat(outcome.violation()).isEqualTo(violation));
    }

    /** Whole, cut in two at every byte, and byte by byte. */
    private static Outcome[] atEveryCut(String readable, Http1Limits limits) {
        byte[] bytes = Wire.text(readable).getBytes(StandardCharsets.ISO_8859_1);
        Outcome[] outcomes = new Outcome[bytes.length + 1];
        for (int cut = 0; cut < bytes.length; cut++) outcomes[cut] = outcome(bytes, cut, bytes.length - cut, limits);
        outcomes[bytes.length] = outcome(bytes, 1, 1, limits);
        return outcomes;
    }

    private static Outcome outcome(byte[] bytes, int first, int step, Http1Limits limits) {
        RequestParser parser = new RequestParser(new RequestHead(), limits);
        for (int from = 0, to = first; from < bytes.length; from = to, to = Math.min(bytes.length, to + step)) {
            ByteBuf in = Unpooled.wrappedBuffer(bytes, from, to - from);
            if (!parser.parse(in)) continue;
            if (parser.violation() != null) return new Outcome(parser.violation(), "", "");
            String framing = parser.framing() == 0 ? "none" : parser.framing() < 0 ? "chunked" : Long.toString(parser.framing());
            return new Outcome(null, framing, in.toString(StandardCharsets.ISO_8859_1));
        }
        return null;
    }

    private static RequestParser parsed(String readable) {
        return parse(new RequestParser(new RequestHead(), Http1Limits.DEFAULT), readable);
    }

    private static RequestParser parse(RequestParser parser, String readable) {
        assertThat(parser.parse(Wire.bytes(readable))).isTrue();
        assertThat(parser.violation()).isNull();
        return parser;
    }

    private static String forwarded(String readable) {
        RequestHead head = new RequestHead();
        RequestParser parser = parse(new RequestParser(head, Http1Limits.DEFAULT), readable);
        ByteBuf out = Http1HeadWriter.request(UnpooledByteBufAllocator.DEFAULT, head, parser.framing());
        try {
            return out.toString(StandardCharsets.ISO_8859_1);
        } finally {
            out.release();
        }
    }
}
