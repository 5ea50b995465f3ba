package mesh.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RFC 9113 section 8, a rule a row. Fields are written {@code name=value}, with {@code |} between them; {@code ~} is a CR, {@code ^} a NUL. */
class HeadReaderTest {

    private static final String GET = ":method=GET|:scheme=http|:path=/|:authority=h";

    private final HeadReader reader = new HeadReader(Http2Limits.SERVER);

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {
        ":method=GET|:scheme=http|:path=/|:authority=h; FINE",
        ":method=GET|:scheme=http|:path=/|host=h; FINE",
        ":method=GET|:scheme=http|:path=/|:authority=h|host=h; FINE",
        ":method=GET|:scheme=http|:path=/|:authority=h|host=H; FINE",
        ":method=OPTIONS|:scheme=http|:path=*|:authority=h; FINE",
        ":method=GET|:scheme=http|:path=/|:authority=h|te=trailers; FINE",
        ":method=GET|:scheme=http|:path=/|:authority=h|x=; FINE",
        ":method=POST|:scheme=http|:path=/|:authority=h|content-length=5; FINE",
        ":method=GET|:scheme=http|:path=/|:authority=h|host=other; BAD_REQUEST",
        ":method=GET|:scheme=http|:path=/; BAD_REQUEST",
        ":method=GET|:scheme=http|:path=/|:authority=a b; MALFORMED",
        ":method=GET|:scheme=http|:path=/|:authority=user@h; BAD_REQUEST",
        ":method=GET|:scheme=http|:path=http://h/|:authority=h; BAD_REQUEST",
        ":method=GET|:scheme=http|:path=a|:authority=h; BAD_REQUEST",
        ":method=GET|:scheme=http|:path=*|:authority=h; BAD_REQUEST",
        ":method=GET|:scheme=http|:path=/%00|:authority=h; BAD_REQUEST",
        ":method=|:scheme=http|:path=/|:authority=h; BAD_REQUEST",
        ":method=G(T|:scheme=http|:path=/|:authority=h; BAD_REQUEST",
        ":method=G T|:scheme=http|:path=/|:authority=h; MALFORMED",
        ":method=GET|:scheme=http|:path=/ HTTP/1.1|:authority=h; MALFORMED",
        ":method=GET|:scheme=http|:path=/~|:authority=h; MALFORMED",
        ":scheme=http|:path=/|:authority=h; MALFORMED",
        ":method=GET|:path=/|:authority=h; MALFORMED",
        ":method=GET|:scheme=http|:authority=h; MALFORMED",
        ":method=GET|:scheme=http|:path=|:authority=h; MALFORMED",
        ":method=GET|:method=GET|:scheme=http|:path=/|:authority=h; MALFORMED",
        ":method=GET|:scheme=http|:path=/|:path=/|:authority=h; MALFORMED",
        ":method=GET|:scheme=http|:path=/|:authority=h|:authority=h; MALFORMED",
        ":method=GET|:scheme=http|x=1|:path=/|:authority=h; MALFORMED",
        ":method=GET|:scheme=http|:path=/|:authority=h|:status=200; MALFORMED",
        ":method=GET|:scheme=http|:path=/|:authority=h|:protocol=websocket; MALFORMED",
        ":method=GET|:scheme=http|:path=/|:authority=h|X=1; MALFORMED",
        ":method=GET|:scheme=http|:path=/|:authority=h|a b=1; MALFORMED",
        ":method=GET|:scheme=http|:path=/|:authority=h|=1; MALFORMED",
        ":method=GET|:scheme=http|:path=/|:authority=h|x=a~b; MALFORMED",
        ":method=GET|:scheme=http|:path=/|:authority=h|x=a^b; MALFORMED",
        ":method=GET|:scheme=http|:path=/|:authority=h|x=a ; FINE",
        ":method=GET|:scheme=http|:path=/|:authority=h|connection=close; MALFORMED",
        ":method=GET|:scheme=http|:path=/|:authority=h|keep-alive=5; MALFORMED",
        ":method=GET|:scheme=http|:path=/|:authority=h|proxy-connection=x; MALFORMED",
        ":method=GET|:scheme=http|:path=/|:authority=h|transfer-encoding=chunked; MALFORMED",
        ":method=GET|:scheme=http|:path=/|:authority=h|upgrade=websocket; MALFORMED",
        ":method=GET|:scheme=http|:path=/|:authority=h|te=gzip; MALFORMED",
        ":method=GET|:scheme=http|:path=/|:authority=h|content-length=x; MALFORMED",
        ":method=GET|:scheme=http|:path=/|:authority=h|content-length=1|content-length=1; MALFORMED",
        ":method=POST|:scheme=http|:path=/|:authority=h|expect=100-continue; FINE",
        ":method=POST|:scheme=http|:path=/|:authority=h|expect=tea; EXPECTATION",
        ":method=CONNECT|:authority=h:1; CONNECT",
    })
    void judgesARequest(String fields, HeadReader.Outcome expected) {
        assertThat(request(fields, new RequestHead())).isEqualTo(expected);
    }

    @Test
    void refusesAValueWithWhiteSpaceAroundIt() {
        assertThat(request(GET + "|x= a", new RequestHead())).isEqualTo(HeadReader.Outcome.MALFORMED);
        assertThat(request(GET + "|x=a\t", new RequestHead())).isEqualTo(HeadReader.Outcome.MALFORMED);
    }

    @Test
    void joinsCookies() {
        RequestHead head = new RequestHead();
        request(GET + "|cookie=a=1|x=1|cookie=b=2", head);
        assertThat(head).hasToString("GET / HTTP/1.1\r\ncookie: a=1; b=2\r\nx: 1\r\nhost: h\r\n");
    }

    @Test
    void resolvesThePathAsHttp1Does() {
        RequestHead head = new RequestHead();
        request(":method=GET|:scheme=http|:path=/a/%2e%2e/b?c|:authority=h", head);
        assertThat(head.target()).isEqualTo("/b?c");
    }

    @Test
    void hasEnoughAtTheLimitOfFields() {
        String most = GET + "|x=1".repeat(Http2Limits.SERVER.fields());
        assertThat(request(most, new RequestHead())).isEqualTo(HeadReader.Outcome.FINE);
        assertThat(request(most + "|x=1", new RequestHead())).isEqualTo(HeadReader.Outcome.TOO_LARGE);
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {
        ":status=200; FINE", ":status=103; FINE", ":status=200|x=1; FINE", "x=1; MALFORMED", ":status=101; MALFORMED", ":status=20; MALFORMED",
        ":status=+20; MALFORMED", ":status=200|:status=200; MALFORMED", "x=1|:status=200; MALFORMED", ":status=200|:path=/; MALFORMED",
        ":status=200|connection=close; MALFORMED", ":status=200|content-length=1|content-length=2; MALFORMED",
    })
    void judgesAnAnswer(String fields, HeadReader.Outcome expected) {
        byte[] block = block(fields);
        assertThat(reader.response(new HpackDecoder(), block, block.length, new ResponseHead())).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {"x=1; FINE", ":status=200; MALFORMED", ":path=/; MALFORMED", "connection=close; MALFORMED"})
    void judgesTrailers(String fields, HeadReader.Outcome expected) {
        byte[] block = block(fields);
        assertThat(reader.trailers(new HpackDecoder(), block, block.length, new Fields())).isEqualTo(expected);
    }

    @Test
    void findsFieldsByName() {
        RequestHead head = new RequestHead();
        request(GET + "|content-type=application/grpc", head);
        assertThat(head.get(FieldName.CONTENT_TYPE)).isEqualTo("application/grpc");
        assertThat(head.authority()).isEqualTo("h");
    }

    private HeadReader.Outcome request(String fields, RequestHead into) {
        byte[] block = block(fields);
        return reader.request(new HpackDecoder(), block, block.length, into);
    }

    /** Packed as literals, so that nothing checks what is packed. */
    private static byte[] block(String fields) {
        ByteBuf out = Unpooled.buffer();
        for (String field : fields.split("\\|")) {
            int colon = field.indexOf('=');
            string(out.writeByte(0), field.substring(0, colon));
            string(out, field.substring(colon + 1).replace('~', '\r').replace('^', '\0'));
        }
        return ByteBufUtil.getBytes(out);
    }

    private static void string(ByteBuf out, String text) {
        out.writeByte(text.length()).writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
    }
}
