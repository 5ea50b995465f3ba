package mesh.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Another implementation, Netty's, is the judge of what is packed and unpacked here. */
class HpackTest {

    private static final Http2Limits LIMITS = Http2Limits.SERVER;

    private final HpackDecoder decoder = new HpackDecoder();
    private final HeadReader reader = new HeadReader(LIMITS);

    /** RFC 7541 appendix C.4, with the Huffman code and a table that grows from block to block. */
    @Test
    void unpacksTheExamplesOfTheRfc() {
        assertThat(request("828684418cf1e3c2e5f23a6ba0ab90f4ff")).isEqualTo("GET / HTTP/1.1\r\nhost: www.example.com\r\n");
        assertThat(request("828684be5886a8eb10649cbf"))
            .isEqualTo("GET / HTTP/1.1\r\ncache-control: no-cache\r\nhost: www.example.com\r\n");
        assertThat(request("828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"))
            .isEqualTo("GET /index.html HTTP/1.1\r\ncustom-key: custom-value\r\nhost: www.example.com\r\n");
    }

    private String request(String hex) {
        byte[] block = ByteBufUtil.decodeHexDump(hex);
        RequestHead head = new RequestHead();
        assertThat(reader.request(decoder, block, block.length, head)).isEqualTo(HeadReader.Outcome.FINE);
        return head.toString();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void unpacksWhateverAnotherPacks(int seed) throws Exception {
        Random random = new Random(seed);
        DefaultHttp2HeadersEncoder other = new DefaultHttp2HeadersEncoder((name, value) -> random.nextInt(5) == 0);
        for (int i = 0; i < 500; i++) {
            if (random.nextInt(20) == 0) other.maxHeaderTableSize(random.nextInt(4097));
            Http2Headers headers = randomTrailers(random);
            ByteBuf packed = Unpooled.buffer();
            other.encodeHeaders(3, headers, packed);
            byte[] block = ByteBufUtil.getBytes(packed);
            Fields fields = new Fields();
            assertThat(reader.trailers(decoder, block, block.length, fields)).isEqualTo(HeadReader.Outcome.FINE);
            assertThat(lines(fields)).isEqualTo(lines(headers));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void isUnpackedByAnother(int seed) throws Exception {
        Random random = new Random(seed);
        HpackEncoder encoder = new HpackEncoder();
        DefaultHttp2HeadersDecoder other = new DefaultHttp2HeadersDecoder(false);
        for (int i = 0; i < 300; i++) {
            Http2Headers headers = randomTrailers(random);
            ResponseHead head = ResponseHead.of(random.nextBoolean() ? 200 : 200 + random.nextInt(400));
            headers.forEach(h -> head.add(h.getKey().toString().toUpperCase(), h.getValue()));
            ByteBuf packed = Unpooled.buffer();
            encoder.response(head, packed);
            Http2Headers seen = other.decodeHeaders(3, packed);
            assertThat(seen.status().toString()).isEqualTo(Integer.toString(head.status()));
            seen.remove(":status");
            assertThat(lines(seen)).isEqualTo(lines(headers));
        }
    }

    @Test
    void packsARequestAsItIsForwarded() throws Exception {
        RequestHead head = RequestHead.of("PUT", "/a/../b?q=1", "Payments:8080");
        head.add("Accept", "*/*");
        head.add(FieldName.CONNECTION, "close");
        head.add(FieldName.TRANSFER_ENCODING, "chunked");
        head.add(FieldName.TE, "trailers");
        ByteBuf packed = Unpooled.buffer();
        new HpackEncoder().request(head, true, packed);
        assertThat(lines(new DefaultHttp2HeadersDecoder(true).decodeHeaders(1, packed))).containsExactly(
            ":method: PUT", ":scheme: https", ":authority: Payments:8080", ":path: /b?q=1", "accept: */*", "te: trailers");
    }

    /** As it comes by HTTP/1.0; an empty :authority would be refused by the next hop. */
    @Test
    void packsARequestWithoutAHostAsOne() throws Exception {
        byte[] block = ByteBufUtil.decodeHexDump("828486a6");
        RequestHead head = new RequestHead();
        assertThat(reader.request(decoder, block, block.length, head)).isEqualTo(HeadReader.Outcome.FINE);
        ByteBuf packed = Unpooled.buffer();
        new HpackEncoder().request(head, true, packed);
        assertThat(lines(new DefaultHttp2HeadersDecoder(true).decodeHeaders(1, packed))).containsExactly(
            ":method: GET", ":scheme: https", ":path: /", "host: ");
    }

    /** RFC 7541 section 4.2: some decoders insist. */
    @Test
    void saysThatItRemembersLessWhenThePeerAsksForThat() throws Exception {
        HpackEncoder encoder = new HpackEncoder();
        encoder.peerTable(0);
        ByteBuf packed = Unpooled.buffer();
        encoder.response(ResponseHead.of(200), packed);
        assertThat(ByteBufUtil.hexDump(packed)).isEqualTo("2088");
    }

    @Test
    void keepsFieldsFromBeingRememberedThatTheSenderWantsForgotten() {
        byte[] block = ByteBufUtil.decodeHexDump("1001610162");
        Fields fields = new Fields();
        reader.trailers(decoder, block, block.length, fields);
        ByteBuf packed = Unpooled.buffer();
        new HpackEncoder().trailers(fields, packed);
        assertThat(ByteBufUtil.hexDump(packed)).isEqualTo("1001610162");
    }

    @ParameterizedTest
    @CsvSource({
        "80, index 0",
        "ff80, an index without an end",
        "ffffffffff0f, an index that is too large",
        "be, an index of nothing",
        "00, a name without a length",
        "000161, a value without a length",
        "0001610562, a value that is too short",
        "3fe21f, a table over the limit",
        "8820, a table of another size behind a field",
        "00016181ff, eight bits of padding",
        "0001618100, padding of zeros",
        "0001618484ffffffff, the end of string inside one",
    })
    void givesUpOn(String hex, String what) {
        byte[] block = ByteBufUtil.decodeHexDump(hex);
        assertThat(reader.trailers(decoder, block, block.length, new Fields())).as(what).isNull();
    }

    @Test
    void survivesAnyBytes() {
        Random random = new Random(7);
        for (int i = 0; i < 20_000; i++) {
            byte[] block = new byte[random.nextInt(64)];
            random.nextBytes(block);
            HeadReader.Outcome outcome = reader.request(new HpackDecoder(), block, block.length, new RequestHead());
            assertThat(outcome).isNotEqualTo(HeadReader.Outcome.FINE);
        }
    }

    /** A few hundred bytes that name a field of 4 KiB over and over again. */
    @Test
    void unpacksNoMoreThanTheLimitAllows() {
        byte[] block = new byte[4 + 4000 + 30_000];
        block[0] = 0x40;
        block[1] = 1;
        block[2] = 'a';
        ByteBuf out = Unpooled.buffer().writeBytes(block, 0, 3).writeByte(0x7f).writeByte(0xa1).writeByte(0x1e);
        out.writeZero(4000);
        for (int i = 0; i < 4000; i++) out.setByte(6 + i, 'x');
        for (int i = 0; i < 30_000; i++) out.writeByte(0xbe);
        byte[] bomb = ByteBufUtil.getBytes(out);
        Fields fields = new Fields();
        assertThat(reader.trailers(decoder, bomb, bomb.length, fields)).isEqualTo(HeadReader.Outcome.TOO_LARGE);
        assertThat(fields.text().length).isLessThan(4 * LIMITS.headBytes());
    }

    private static Http2Headers randomTrailers(Random random) {
        Http2Headers headers = new DefaultHttp2Headers(false);
        String[] names = {"content-type", "date", "etag", "x-a", "x-request-id", "grpc-status", "set-cookie", "authorization", "vary"};
        for (int i = random.nextInt(12); i > 0; i--) {
            StringBuilder value = new StringBuilder();
            for (int c = random.nextInt(random.nextInt(10) == 0 ? 400 : 20); c > 0; c--) value.append((char) (0x21 + random.nextInt(0x5e)));
            headers.add(names[random.nextInt(names.length)] + (random.nextInt(4) == 0 ? random.nextInt(50) : ""), value.toString());
        }
        return headers;
    }

    private static List<String> lines(Fields fields) {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < fields.count(); i++) lines.add(fields.name(i) + ": " + fields.value(i));
        return lines;
    }

    private static List<String> lines(Http2Headers headers) {
        List<String> lines = new ArrayList<>();
        headers.forEach(h -> lines.add(h.getKey() + ": " + h.getValue()));
        return lines;
    }
}
