package mesh.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayList;
import java.util.List;
import mesh.fuzz.ShortRun;
import mesh.proxy.http.Fields;
import mesh.proxy.http.RequestHead;
import org.junit.jupiter.api.Test;

/** A header block is what another implementation, Netty's, reads in it; a request's head is the same again when it is forwarded. */
class HeadReaderFuzzTest {

    private static final Http2Limits LIMITS = Http2Limits.SERVER;

    @Test
    void readsWhatAnotherReads() {
        ShortRun.of(HeadReaderFuzzTest.class, 40_000, HeadReaderFuzzTest::fuzzerTestOneInput);
    }

    public static void fuzzerTestOneInput(byte[] input) {
        Fields trailers = new Fields();
        if (new HeadReader(LIMITS).trailers(new HpackDecoder(), input, input.length, trailers) == HeadReader.Outcome.FINE) {
            assertThat(lines(trailers)).isEqualTo(byAnother(input));
        }
        RequestHead head = new RequestHead();
        HeadReader.Outcome outcome = new HeadReader(LIMITS).request(new HpackDecoder(), input, input.length, head);
        // A line may be as long as the block before it is known to be too much; Huffman's code makes it at most 8/5 of that.
        assertThat(head.text().length).as("bytes kept").isLessThanOrEqualTo(4 * (LIMITS.headBytes() + input.length));
        if (outcome == HeadReader.Outcome.FINE) {
            // The host comes from :authority and may stand elsewhere.
            assertThat(forwarded(head).lines()).containsExactlyInAnyOrderElementsOf(head.toString().lines().toList());
        }
    }

    private static String forwarded(RequestHead head) {
        ByteBuf packed = Unpooled.buffer();
        new HpackEncoder().request(head, true, packed);
        byte[] block = ByteBufUtil.getBytes(packed);
        RequestHead again = new RequestHead();
        assertThat(new HeadReader(LIMITS).request(new HpackDecoder(), block, block.length, again)).isEqualTo(HeadReader.Outcome.FINE);
        return again.toString();
    }

    private static List<String> byAnother(byte[] block) {
        try {
            Http2Headers headers = new DefaultHttp2HeadersDecoder(false, 4L * LIMITS.headBytes()).decodeHeaders(1, Unpooled.wrappedBuffer(block));
            List<String> lines = new ArrayList<>();
            headers.forEach(header -> lines.add(header.getKey() + ": " + header.getValue()));
            return lines;
        } catch (Http2Exception e) {
            throw new AssertionError("refused by another", e);
        }
    }

    private static List<String> lines(Fields fields) {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < fields.count(); i++) lines.add(fields.name(i) + ": " + fields.value(i));
        return lines;
    }
}
