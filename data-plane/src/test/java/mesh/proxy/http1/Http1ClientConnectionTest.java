package mesh.proxy.http1;

import static mesh.proxy.http1.Wire.readable;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import mesh.proxy.http.ClientConnection;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.UpstreamStream;
import mesh.proxy.outcome.Failure;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class Http1ClientConnectionTest {

    private static final String OK = "HTTP/1.1 200 OK¶Content-Length: 2¶¶ok";

    private Runnable atCapacity = () -> {};
    private final List<String> pool = new ArrayList<>();
    private final List<ByteBuf> seen = new ArrayList<>();
    private final RecordingHandler handler = new RecordingHandler();
    private final Http1ClientConnection connection = new Http1ClientConnection(new ClientConnection.Owner() {
        @Override
        public void onCapacity(ClientConnection back) {
            pool.add("capacity");
            atCapacity.run();
        }

        @Override
        public void onRetired(ClientConnection gone) {
            pool.add("retired");
        }
    }, Http1Limits.DEFAULT);
    private final EmbeddedChannel channel = new EmbeddedChannel(connection);

    @AfterEach
    void releasesEverythingItReadAndRetiresOnce() {
        channel.finishAndReleaseAll();
        assertThat(seen).allSatisfy(buffer -> assertThat(buffer.refCnt()).isZero());
        assertThat(pool).containsOnlyOnce("retired").endsWith("retired");
    }

    // Requests.

    @Test
    void aRequestGoesOutAsItIs() {
        get();
        assertThat(sent()).isEqualTo("GET / HTTP/1.1¶host: h¶¶");
    }

    @Test
    void aBodyOfKnownLengthGoesOutAsItIs() {
        RequestHead head = RequestHead.of("POST", "/", "h");
        head.set(FieldName.CONTENT_LENGTH, "3");
        UpstreamStream stream = connection.open(handler);
        stream.sendHead(head, false);
        stream.sendBody(bytes("abc"));
        stream.sendEnd(null);
        assertThat(sent()).isEqualTo("POST / HTTP/1.1¶host: h¶content-length: 3¶¶abc");
    }

    @Test
    void aBodyOfUnknownLengthGoesOutInChunksWithItsTrailers() {
        UpstreamStream stream = post();
        stream.sendBody(bytes("abc"));
        Fields trailers = new Fields();
        trailers.add("a", "b");
        stream.sendEnd(trailers);
        assertThat(sent()).isEqualTo("POST / HTTP/1.1¶host: h¶transfer-encoding: chunked¶¶3¶abc¶0¶a: b¶¶");
    }

    @Test
    void lessBodyThanPromisedClosesTheConnection() {
        RequestHead head = RequestHead.of("POST", "/", "h");
        head.set(FieldName.CONTENT_LENGTH, "3");
        UpstreamStream stream = connection.open(handler);
        stream.sendHead(head, false);
        stream.sendEnd(null);
        assertThat(handler.take()).isEqualTo("INTERNAL unprocessed");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void whatTheClientSaidAboutItsOwnConnectionGoesNoFurther() {
        RequestHead head = RequestHead.of("GET", "/", "h");
        head.add(FieldName.CONNECTION, "close");
        head.add(FieldName.TRANSFER_ENCODING, "chunked");
        connection.open(handler).sendHead(head, true);
        assertThat(sent()).isEqualTo("GET / HTTP/1.1¶host: h¶¶");
    }

    // Responses.

    @ParameterizedTest(name = "{0} {1} -> {2} {3}")
    @CsvSource(delimiter = '|', textBlock = """
        GET  | HTTP/1.1 200 OK¶Content-Length: 2¶¶ok                       | 200, body ok, end      | capacity
        GET  | HTTP/1.1 200 OK¶Content-Length: 0¶¶                         | 200 end                | capacity
        GET  | HTTP/1.1 204 No Content¶¶                                   | 204 end                | capacity
        GET  | HTTP/1.1 304 Not Modified¶Content-Length: 9¶¶               | 304 end                | capacity
        HEAD | HTTP/1.1 200 OK¶Content-Length: 9¶¶                         | 200 end                | capacity
        HEAD | HTTP/1.1 200 OK¶Transfer-Encoding: chunked¶¶                | 200 end                | capacity
        GET  | HTTP/1.1 200 OK¶Transfer-Encoding: chunked¶¶2¶ok¶0¶a: b¶¶   | 200, body ok, end a=b  | capacity
        GET  | HTTP/1.1 200 OK¶Transfer-Encoding: chunked¶¶2;x¶ok¶0¶¶      | 200, body ok, end      | capacity
        GET  | HTTP/1.1 100 Continue¶¶HTTP/1.1 103 Early¶¶HTTP/1.1 200 OK¶Content-Length: 0¶¶ | 100, 103, 200 end | capacity
        GET  | HTTP/1.1 200 OK¶Connection: close¶Content-Length: 2¶¶ok     | 200, body ok, end      | retired
        GET  | HTTP/1.0 200 OK¶Content-Length: 2¶¶ok                       | 200, body ok, end      | retired
        GET  | HTTP/1.0 200 OK¶Connection: keep-alive¶Content-Length: 2¶¶ok | 200, body ok, end     | capacity
        # More than was asked for: never the next request's answer.
        GET  | HTTP/1.1 200 OK¶Content-Length: 2¶¶okHTTP/1.1 200 OK¶¶      | 200, body ok, end      | retired
        GET  | HTTP/1.1 204 No Content¶¶x                                  | 204 end                | retired
        HEAD | HTTP/1.1 200 OK¶Content-Length: 2¶¶ok                       | 200 end                | retired
        GET  | HTTP/1.1 304 Not Modified¶Content-Length: 2¶¶ok             | 304 end                | retired
        # No HTTP.
        GET  | HTTP/1.1 200 OK¶Content-Length: 2¶Content-Length: 2¶¶ok     | UPSTREAM_PROTOCOL      | retired
        GET  | HTTP/1.1 200 OK¶Content-Length: 2¶Transfer-Encoding: chunked¶¶ok | UPSTREAM_PROTOCOL | retired
        GET  | SSH-2.0-OpenSSH¶                                            | UPSTREAM_PROTOCOL      | retired
        GET  | HTTP/1.1 101 Switching Protocols¶Upgrade: x¶¶               | UPSTREAM_PROTOCOL      | retired
        GET  | HTTP/1.1 200 OK¶Transfer-Encoding: chunked¶¶zz¶             | 200, UPSTREAM_TRUNCATED | retired
        """)
    void readsAnAnswer(String method, String response, String events, String then) {
        connection.open(handler).sendHead(RequestHead.of(method, "/", "h"), true);
        sent();
        receive(response);
        assertThat(handler.take()).isEqualTo(events);
        assertThat(pool).containsExactly(then);
        assertThat(channel.isOpen()).isEqualTo(then.equals("capacity"));
    }

    /** Netty CVE-2026-42584: after a 1xx the answers were given to the wrong requests. */
    @Test
    void anInterimAnswerDoesNotShiftTheNextAnswers() {
        connection.open(handler).sendHead(RequestHead.of("HEAD", "/", "h"), true);
        sent();
        receive("HTTP/1.1 103 Early Hints¶Link: x¶¶");
        receive("HTTP/1.1 200 OK¶Content-Length: 2¶¶");
        assertThat(handler.take()).isEqualTo("103, 200 end");
        get();
        sent();
        receive(OK);
        assertThat(handler.take()).isEqualTo("200, body ok, end");
    }

    @Test
    void interimAnswersAreLimited() {
        get();
        sent();
        receive("HTTP/1.1 103 Early Hints¶¶".repeat(100));
        assertThat(handler.take()).endsWith("103");
        receive("HTTP/1.1 103 Early Hints¶¶");
        assertThat(handler.take()).isEqualTo("UPSTREAM_PROTOCOL");
    }

    @Test
    void anAnswerWithoutLengthEndsWithTheConnection() {
        get();
        sent();
        receive("HTTP/1.1 200 OK¶¶a");
        receive("b");
        assertThat(handler.take()).isEqualTo("200, body ab");
        channel.close();
        assertThat(handler.take()).isEqualTo("end");
    }

    @Test
    void anAnswerWithoutLengthEndsWhenTheUpstreamClosesItsHalf() {
        get();
        sent();
        receive("HTTP/1.1 200 OK¶¶a");
        channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        assertThat(handler.take()).isEqualTo("200, body a, end");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void anAnswerWithoutLengthThatIsResetIsTruncated() {
        get();
        sent();
        receive("HTTP/1.1 200 OK¶¶a");
        reset();
        assertThat(handler.take()).isEqualTo("200, body a, UPSTREAM_TRUNCATED");
    }

    // The next request.

    @Test
    void aConnectionIsUsedAgain() {
        assertThat(connection.reused()).isFalse();
        for (int i = 0; i < 3; i++) {
            assertThat(connection.capacity()).isEqualTo(1);
            get();
            assertThat(connection.capacity()).isZero();
            sent();
            receive(OK);
            assertThat(handler.take()).isEqualTo("200, body ok, end");
            assertThat(connection.reused()).isTrue();
        }
    }

    @Test
    void theNextRequestMayBeOpenedWhenCapacityIsTold() {
        get();
        sent();
        atCapacity = () -> {
            atCapacity = () -> {};
            get();
        };
        receive(OK);
        assertThat(sent()).isEqualTo("GET / HTTP/1.1¶host: h¶¶");
        receive(OK);
        assertThat(handler.take()).isEqualTo("200, body ok, end, 200, body ok, end");
    }

    @Test
    void bytesBehindAnAnswerAreNotTheNextOne() {
        get();
        sent();
        atCapacity = this::get;
        receive(OK + "HTTP/1.1 200 OK¶Content-Length: 4¶¶evil");
        assertThat(handler.take()).isEqualTo("200, body ok, end");
        assertThat(pool).containsExactly("retired");
    }

    @Test
    void bytesOnAnIdleConnectionCloseIt() {
        receive("HTTP/1.1 408 Request Timeout¶¶");
        assertThat(pool).containsExactly("retired");
        assertThat(channel.isOpen()).isFalse();
        assertThat(handler.take()).isEmpty();
    }

    @Test
    void bytesThatCameBeforeTheRequestWasOutAreNotItsAnswer() {
        once();
        holdWrites();
        get();
        receive("HTTP/1.1 408 Request Timeout¶Content-Length: 0¶¶");
        assertThat(handler.take()).isEqualTo("REUSED_CLOSED unprocessed");
    }

    @Test
    void anAnswerBeforeTheRequestsEndRetiresTheConnection() {
        UpstreamStream stream = post();
        stream.sendBody(bytes("a"));
        sent();
        receive("HTTP/1.1 413 Too Large¶Content-Length: 0¶¶");
        assertThat(handler.take()).isEqualTo("413 end");
        assertThat(pool).containsExactly("retired");
        ByteBuf late = bytes("late");
        stream.sendBody(late);
        assertThat(late.refCnt()).isZero();
        assertThat(sent()).isEmpty();
    }

    @Test
    void anAnswerIsReadThoughTheRequestCannotBeWrittenAndRetiresTheConnection() {
        get();
        sent();
        channel.pipeline().fireExceptionCaught(new IOException("broken pipe"));
        receive(OK);
        assertThat(handler.take()).isEqualTo("200, body ok, end");
        assertThat(pool).containsExactly("retired");
    }

    @Test
    void aRetiredConnectionLetsItsRequestEnd() {
        get();
        connection.retire();
        sent();
        receive(OK);
        assertThat(handler.take()).isEqualTo("200, body ok, end");
        assertThat(pool).containsExactly("retired");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void anIdleConnectionRetiresAtOnce() {
        connection.retire();
        assertThat(pool).containsExactly("retired");
        assertThat(connection.capacity()).isZero();
    }

    // Failures.

    @Test
    void aFreshConnectionThatClosesBeforeTheAnswer() {
        get();
        sent();
        channel.close();
        assertThat(handler.take()).isEqualTo("UPSTREAM_CLOSED");
    }

    @Test
    void aFreshConnectionThatIsResetBeforeTheAnswer() {
        get();
        sent();
        reset();
        assertThat(handler.take()).isEqualTo("UPSTREAM_RESET");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aReusedConnectionThatClosesBeforeTheAnswer(boolean byReset) {
        once();
        get();
        sent();
        if (byReset) reset();
        else channel.close();
        assertThat(handler.take()).isEqualTo("REUSED_CLOSED");
    }

    @Test
    void aReusedConnectionThatClosesWithinTheHeadHasAnswered() {
        once();
        get();
        sent();
        receive("HTTP/1.1 2");
        channel.close();
        assertThat(handler.take()).isEqualTo("UPSTREAM_CLOSED");
    }

    @Test
    void aReusedConnectionThatClosesAfterAnInterimAnswerHasAnswered() {
        once();
        get();
        sent();
        receive("HTTP/1.1 100 Continue¶¶");
        channel.close();
        assertThat(handler.take()).isEqualTo("100, UPSTREAM_CLOSED");
    }

    @Test
    void aRequestWhoseHeadNeverLeftIsUnprocessed() {
        once();
        holdWrites();
        get();
        channel.close();
        assertThat(handler.take()).isEqualTo("REUSED_CLOSED unprocessed");
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.1 200 OK¶Content-Length: 5¶¶a", "HTTP/1.1 200 OK¶Transfer-Encoding: chunked¶¶1¶a¶"})
    void anAnswerCutInItsBodyIsTruncated(String cut) {
        get();
        sent();
        receive(cut);
        channel.close();
        assertThat(handler.take()).isEqualTo("200, body a, UPSTREAM_TRUNCATED");
    }

    @Test
    void aCancelledRequestClosesTheConnectionAndHearsNothingMore() {
        UpstreamStream stream = get();
        sent();
        stream.cancel(Failure.DOWNSTREAM_RESET);
        assertThat(channel.isOpen()).isFalse();
        assertThat(handler.take()).isEmpty();
        assertThat(pool).containsExactly("retired");
    }

    // Back-pressure.

    @Test
    void readsNoFurtherWhileTheAnswerIsNotWanted() {
        UpstreamStream stream = get();
        sent();
        receive("HTTP/1.1 200 OK¶Content-Length: 6¶¶abc");
        stream.setReading(false);
        assertThat(channel.config().isAutoRead()).isFalse();
        receive("def");
        assertThat(handler.take()).isEqualTo("200, body abc");
        stream.setReading(true);
        assertThat(channel.config().isAutoRead()).isTrue();
        assertThat(handler.take()).isEqualTo("body def, end");
    }

    @Test
    void theEndOfAPausedAnswerIsSeenOnlyWhenAllOfItIsWanted() {
        UpstreamStream stream = get();
        sent();
        receive("HTTP/1.1 200 OK¶¶abc");
        stream.setReading(false);
        receive("def");
        channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        assertThat(handler.take()).isEqualTo("200, body abc");
        stream.setReading(true);
        assertThat(handler.take()).isEqualTo("body def, end");
    }

    // Upgrades.

    @Test
    void anUpgradedConnectionIsHandedOverWithWhatWasReadAhead() {
        RequestHead head = RequestHead.of("GET", "/", "h");
        head.add(FieldName.UPGRADE, "websocket");
        UpstreamStream stream = connection.open(handler);
        stream.sendHead(head, true);
        assertThat(sent()).isEqualTo("GET / HTTP/1.1¶host: h¶upgrade: websocket¶connection: upgrade¶¶");
        receive("HTTP/1.1 101 Switching Protocols¶Upgrade: websocket¶Connection: upgrade¶¶frame");
        assertThat(handler.take()).isEqualTo("101");
        Channel taken = stream.takeOver();
        assertThat(pool).containsExactly("retired");
        StringBuilder raw = new StringBuilder();
        taken.pipeline().addLast(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                ByteBuf bytes = (ByteBuf) message;
                raw.append(bytes.toString(StandardCharsets.US_ASCII));
                bytes.release();
            }
        });
        taken.read();
        receive("more");
        assertThat(raw).hasToString("framemore");
    }

    private UpstreamStream get() {
        UpstreamStream stream = connection.open(handler);
        stream.sendHead(RequestHead.of("GET", "/", "h"), true);
        return stream;
    }

    private UpstreamStream post() {
        UpstreamStream stream = connection.open(handler);
        stream.sendHead(RequestHead.of("POST", "/", "h"), false);
        return stream;
    }

    /** One request there and back, so that the connection is a reused one. */
    private void once() {
        get();
        sent();
        receive(OK);
        handler.take();
    }

    /** From now on nothing that is written leaves: the socket is full, or its peer gone. */
    private void holdWrites() {
        channel.pipeline().addFirst(new ChannelOutboundHandlerAdapter() {
            private final List<ChannelPromise> held = new ArrayList<>();

            @Override
            public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
                ((ByteBuf) message).release();
                if (!promise.isVoid()) held.add(promise);
            }

            @Override
            public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
                held.forEach(each -> each.setFailure(new IOException("closed")));
                ctx.close(promise);
            }
        });
    }

    /** What a channel says when a read finds a reset: what was wrong, and that nothing more will come. */
    private void reset() {
        channel.pipeline().fireExceptionCaught(new IOException("connection reset"));
        channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
    }

    private void receive(String readable) {
        ByteBuf bytes = Wire.bytes(readable);
        seen.add(bytes);
        channel.writeInbound(bytes);
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1);
    }

    private String sent() {
        channel.runPendingTasks();
        StringBuilder out = new StringBuilder();
        for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
            out.append(part.toString(StandardCharsets.ISO_8859_1));
            part.release();
        }
        return readable(out.toString());
    }
}
