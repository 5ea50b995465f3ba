package mesh.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import mesh.proxy.filter.HopHeaders;
import mesh.proxy.http.ClientConnection;
import mesh.proxy.http.DownstreamHandler;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.http.ServerConnection;
import mesh.proxy.http.UpstreamHandler;
import mesh.proxy.http.UpstreamStream;
import mesh.proxy.http1.Http1ClientConnection;
import mesh.proxy.http1.Http1Limits;
import mesh.proxy.http1.Http1ServerConnection;
import mesh.proxy.outcome.Failure;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Nothing gets from HTTP/2 into HTTP/1.1 that means something else there (J. Kettle, HTTP/2: The Sequel is Always Worse, 2021): whatever
 * head is accepted, our own strict reader finds in its bytes that one request, and no second.
 */
class Http2ToHttp1Test {

    private static final String[] NAMES = {
        ":method", ":path", ":scheme", ":authority", ":method", ":path", ":scheme", ":authority", "host", "content-length", "transfer-encoding",
        "te", "cookie", "connection", "upgrade", "x", "X", "x y", "x:", "x\r\ny", "expect", "keep-alive", "proxy-authorization", ""
    };
    private static final String[] VALUES = {
        "GET", "POST", "/", "/a?b", "http", "h", "h", "", "0", "5", "+5", "5, 5", "chunked", "trailers", "close", "a\r\nb: c", "a\r\n\r\nGET / HTTP/1.1",
        "a b", " a", "\0", "/ HTTP/1.1\r\nx: y", "GET / HTTP/1.1\r\nhost: x\r\n\r\nGET", "100-continue", "a=1", "*", "\u00ff", "/../x", "h:80", "h h"
    };

    private final HeadReader reader = new HeadReader(Http2Limits.SERVER);

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void sendsOneRequestAndTheSame(int seed) {
        Random random = new Random(seed);
        int accepted = 0;
        for (int i = 0; i < 5_000; i++) {
            byte[] block = block(random);
            RequestHead head = new RequestHead();
            if (reader.request(new HpackDecoder(), block, block.length, head) != HeadReader.Outcome.FINE) continue;
            accepted++;
            HopHeaders.strip(head);
            boolean end = head.contentLength() <= 0;
            // As the connection does it: it means nothing without a body.
            if (end) head.remove(FieldName.EXPECT);
            String expected = describe(head);
            assertThat(seenByAServer(inHttp1(head, end))).as(head.toString()).containsExactly(expected);
        }
        assertThat(accepted).isGreaterThan(100);
    }

    private static byte[] block(Random random) {
        ByteBuf out = Unpooled.buffer();
        // Half of them begin well, or hardly any would get far.
        if (random.nextBoolean()) {
            for (String field : new String[] {":method=POST", ":scheme=http", ":path=/", ":authority=h"}) {
                boolean spoilt = random.nextInt(12) == 0;
                string(out.writeByte(0), field.substring(0, field.indexOf('=')));
                string(out, spoilt ? VALUES[random.nextInt(VALUES.length)] : field.substring(field.indexOf('=') + 1));
            }
        }
        for (int n = random.nextInt(4); n > 0; n--) {
            string(out.writeByte(0), NAMES[random.nextInt(NAMES.length)]);
            string(out, VALUES[random.nextInt(VALUES.length)]);
        }
        return ByteBufUtil.getBytes(out);
    }

    private static void string(ByteBuf out, String text) {
        out.writeByte(text.length()).writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static ByteBuf inHttp1(RequestHead head, boolean end) {
        Http1ClientConnection connection = new Http1ClientConnection(new Nobody(), Http1Limits.DEFAULT);
        EmbeddedChannel channel = new EmbeddedChannel(connection);
        UpstreamStream stream = connection.open(new Deaf());
        stream.sendHead(head, end);
        if (!end) {
            stream.sendBody(Unpooled.wrappedBuffer(new byte[(int) head.contentLength()]));
            stream.sendEnd(null);
        }
        channel.runPendingTasks();
        ByteBuf bytes = Unpooled.buffer();
        for (ByteBuf part; (part = channel.readOutbound()) != null; part.release()) bytes.writeBytes(part);
        channel.finishAndReleaseAll();
        return bytes;
    }

    private static List<String> seenByAServer(ByteBuf bytes) {
        List<String> seen = new ArrayList<>();
        EmbeddedChannel channel = new EmbeddedChannel(new Http1ServerConnection((stream, end) -> {
            HopHeaders.strip(stream.head());
            seen.add(describe(stream.head()));
            return new Listener(seen);
        }, Http1Limits.DEFAULT, System::nanoTime, new ServerConnection.Observer() {
            @Override
            public void onRefused(Channel client, Failure failure, String why) {
                seen.add(why);
            }

            @Override
            public void onBug(Channel client, Throwable bug) {
                seen.add(bug.toString());
            }
        }));
        channel.writeInbound(bytes);
        channel.finishAndReleaseAll();
        return seen;
    }

    private static String describe(RequestHead head) {
        TreeMap<String, String> fields = new TreeMap<>();
        for (int i = 0; i < head.count(); i++) fields.merge(head.name(i), head.value(i), (a, b) -> a + "|" + b);
        // A body's length may have been added to what had none.
        fields.remove("content-length", "0");
        return head.method().name() + " " + head.target() + " " + fields;
    }

    private record Listener(List<String> seen) implements DownstreamHandler {
        @Override
        public void onBody(ByteBuf data) {
            data.release();
        }

        @Override
        public void onEnd(Fields trailers) {}

        @Override
        public void onWritable() {}

        @Override
        public void onFailure(Failure failure, boolean answerable) {
            if (failure != Failure.DOWNSTREAM_RESET) seen.add(failure.toString());
        }
    }

    private static final class Deaf implements UpstreamHandler {
        @Override
        public void onInformational(ResponseHead head) {}

        @Override
        public void onHead(ResponseHead head, boolean end) {}

        @Override
        public void onBody(ByteBuf data) {
            data.release();
        }

        @Override
        public void onEnd(Fields trailers) {}

        @Override
        public void onWritable() {}

        @Override
        public void onFailure(Failure failure, boolean unprocessed) {}
    }

    private static final class Nobody implements ClientConnection.Owner {
        @Override
        public void onCapacity(ClientConnection connection) {}

        @Override
        public void onRetired(ClientConnection connection) {}
    }
}
