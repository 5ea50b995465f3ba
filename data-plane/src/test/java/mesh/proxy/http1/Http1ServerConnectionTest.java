package mesh.proxy.http1;

import static mesh.proxy.http1.Wire.readable;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.outcome.Failure;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class Http1ServerConnectionTest {

    private static final String GET = "GET / HTTP/1.1¶Host: h¶¶";
    private static final String OK = "HTTP/1.1 200 OK¶content-length: 0¶¶";
    private static final Http1Limits LIMITS = Http1Limits.DEFAULT;

    private long nanos;
    private Runnable atBegin = () -> {};
    private final List<RecordingHandler> handlers = new ArrayList<>();
    private final List<String> observed = new ArrayList<>();
    private final List<ByteBuf> seen = new ArrayList<>();
    private final Http1ServerConnection connection = new Http1ServerConnection((stream, end) -> {
        RecordingHandler handler = new RecordingHandler(stream, end);
        handlers.add(handler);
        atBegin.run();
        return handler;
    }, LIMITS, () -> nanos, new Http1ServerConnection.Observer() {
        @Override
        public void onRefused(Channel channel, Failure failure, String why) {
            observed.add(failure.toString());
        }

        @Override
        public void onBug(Channel channel, Throwable bug) {
            observed.add(bug.toString());
        }
    });
    private final EmbeddedChannel channel = new EmbeddedChannel();

    @BeforeEach
    void open() {
        channel.freezeTime();
        channel.pipeline().addLast(connection);
    }

    @AfterEach
    void releasesEverythingItRead() {
        channel.finishAndReleaseAll();
        assertThat(seen).allSatisfy(buffer -> assertThat(buffer.refCnt()).isZero());
        assertThat(observed).noneMatch(line -> line.contains("Exception"));
    }

    // In order.

    @Test
    void aRequestIsHandedOverAndItsAnswerWritten() {
        receive(GET);
        assertThat(last().take()).isEqualTo("GET / end");
        last().stream.sendHead(ResponseHead.of(200), true);
        assertThat(sent()).isEqualTo(OK);
        assertThat(channel.isOpen()).isTrue();
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() {
        receive("GET /1 HTTP/1.1¶Host: h¶¶POST /2 HTTP/1.1¶Host: h¶Content-Length: 2¶¶abGET /3 HTTP/1.1¶Host: h¶¶");
        for (int i = 1; i <= 3; i++) {
            assertThat(handlers).hasSize(i);
            assertThat(last().take()).startsWith(i == 2 ? "POST /2, body ab, end" : "GET /" + i + " end");
            ResponseHead head = ResponseHead.of(200);
            head.add("n", "" + i);
            last().stream.sendHead(head, true);
            assertThat(sent()).isEqualTo("HTTP/1.1 200 OK¶n: " + i + "¶content-length: 0¶¶");
        }
        assertThat(handlers).hasSize(3);
    }

    @Test
    void readsNoFurtherWhilePipelinedBytesWait() {
        receive(GET + GET);
        assertThat(channel.config().isAutoRead()).isFalse();
        last().stream.sendHead(ResponseHead.of(200), true);
        channel.runPendingTasks();
        assertThat(channel.config().isAutoRead()).isTrue();
    }

    @Test
    void theHeadCanBeReadRightAfterItsAnswerThoughAnotherRequestWaits() {
        receive("GET /1 HTTP/1.1¶Host: h¶¶" + GET);
        RecordingHandler first = last();
        first.stream.sendHead(ResponseHead.of(200), true);
        assertThat(first.stream.head().target()).isEqualTo("/1");
    }

    @Test
    void aLateCallOfAnAnsweredRequestDoesNotReachTheNext() {
        receive(GET + GET);
        RecordingHandler first = last();
        first.stream.sendHead(ResponseHead.of(200), true);
        channel.runPendingTasks();
        ByteBuf late = Unpooled.copiedBuffer("late", StandardCharsets.US_ASCII);
        first.stream.sendBody(late);
        first.stream.sendEnd(null);
        first.stream.abort(Failure.INTERNAL);
        assertThat(late.refCnt()).isZero();
        assertThat(sent()).isEqualTo(OK);
        assertThat(channel.isOpen()).isTrue();
    }

    // Bodies.

    @Test
    void aChunkedBodyAndItsTrailersAreHandedOver() {
        receive("POST / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶¶3¶abc¶2¶de¶0¶x: y¶¶");
        assertThat(last().take()).isEqualTo("POST /, body abcde, end x=y");
    }

    @Test
    void anAnswerOfKnownLengthIsWrittenAsItIs() {
        receive(GET);
        ResponseHead head = ResponseHead.of(200);
        head.set(FieldName.CONTENT_LENGTH, "5");
        answer(head, "he", "llo");
        assertThat(sent()).isEqualTo("HTTP/1.1 200 OK¶content-length: 5¶¶hello");
    }

    @Test
    void anAnswerOfUnknownLengthIsChunkedWithItsTrailers() {
        receive(GET);
        last().stream.sendHead(ResponseHead.of(200), false);
        last().stream.sendBody(bytes("0123456789abcdef"));
        last().stream.sendBody(bytes(""));
        last().stream.sendBody(bytes("x"));
        Fields trailers = new Fields();
        trailers.add("a", "b");
        last().stream.sendEnd(trailers);
        assertThat(sent()).isEqualTo("HTTP/1.1 200 OK¶transfer-encoding: chunked¶¶10¶0123456789abcdef¶1¶x¶0¶a: b¶¶");
    }

    @Test
    void anAnswerOfUnknownLengthToHttp10EndsWithTheConnection() {
        receive("GET / HTTP/1.0¶Connection: keep-alive¶¶");
        answer(ResponseHead.of(200), "x");
        assertThat(sent()).isEqualTo("HTTP/1.1 200 OK¶connection: close¶¶x");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void theFramingFieldsOfTheUpstreamAreReplacedByOurOwn() {
        receive(GET);
        ResponseHead head = ResponseHead.of(200);
        head.add(FieldName.TRANSFER_ENCODING, "chunked");
        head.add(FieldName.CONNECTION, "close");
        answer(head, "x");
        assertThat(sent()).isEqualTo("HTTP/1.1 200 OK¶transfer-encoding: chunked¶¶1¶x¶0¶¶");
    }

    @ParameterizedTest
    @CsvSource({"HEAD,200,content-length: 5¶", "GET,304,content-length: 5¶", "GET,204,''"})
    void anAnswerWithoutBodyNeverGetsOne(String method, int status, String length) {
        receive(GET.replace("GET", method) + GET);
        ResponseHead head = ResponseHead.of(status);
        head.set(FieldName.CONTENT_LENGTH, "5");
        answer(head, "hello");
        assertThat(sent()).isEqualTo("HTTP/1.1 " + status + " " + ResponseHead.reason(status) + "¶" + length + "¶");
        assertThat(handlers).hasSize(2);
    }

    @Test
    void moreBodyThanPromisedIsNotWrittenAndTheConnectionCloses() {
        receive(GET);
        ResponseHead head = ResponseHead.of(200);
        head.set(FieldName.CONTENT_LENGTH, "2");
        last().take();
        answer(head, "ab", "c");
        assertThat(sent()).isEqualTo("HTTP/1.1 200 OK¶content-length: 2¶¶ab");
        assertThat(last().take()).isEqualTo("UPSTREAM_PROTOCOL");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void lessBodyThanPromisedClosesTheConnection() {
        receive(GET);
        ResponseHead head = ResponseHead.of(200);
        head.set(FieldName.CONTENT_LENGTH, "2");
        last().take();
        answer(head, "a");
        assertThat(last().take()).isEqualTo("UPSTREAM_TRUNCATED");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void anAbortedAnswerHasNoFinalChunk() {
        receive(GET);
        last().stream.sendHead(ResponseHead.of(200), false);
        last().stream.sendBody(bytes("a"));
        last().stream.abort(Failure.UPSTREAM_TRUNCATED);
        assertThat(sent()).endsWith("¶¶1¶a¶");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void nothingMoreIsHandedOverOnceTheHandlerHasAborted() {
        receive("POST / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶¶");
        last().atBody = () -> last().stream.abort(Failure.INTERNAL);
        receive("1¶a¶1¶b¶0¶¶" + GET);
        assertThat(last().take()).isEqualTo("POST /, body a");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void aLongAnswerToAClientThatStillSendsIsNotCutByItsLastSecond() {
        receive("POST / HTTP/1.1¶Host: h¶Content-Length: 100000¶Connection: close¶¶abc");
        List<ChannelPromise> held = new ArrayList<>();
        channel.pipeline().addFirst(new ChannelOutboundHandlerAdapter() {
            @Override
            public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
                if (promise.isVoid()) ctx.write(message, promise);
                else held.add(promise);
            }
        });
        last().stream.sendHead(ResponseHead.of(200), true);
        advance(Duration.ofMinutes(10));
        assertThat(channel.isOpen()).isTrue();
        held.forEach(ChannelPromise::setSuccess);
        advance(Duration.ofSeconds(1));
        assertThat(channel.isOpen()).isFalse();
    }

    // Back-pressure.

    @Test
    void readsNoBodyWhileTheHandlerWantsNone() {
        receive("POST / HTTP/1.1¶Host: h¶Content-Length: 6¶¶");
        last().stream.setReading(false);
        assertThat(channel.config().isAutoRead()).isFalse();
        receive("abc");
        assertThat(last().take()).isEqualTo("POST /");
        last().stream.setReading(true);
        assertThat(channel.config().isAutoRead()).isTrue();
        receive("def");
        assertThat(last().take()).isEqualTo("body abcdef, end");
    }

    @Test
    void beginsNoRequestWhileTheClientDoesNotTakeItsAnswers() {
        channel.unsafe().outboundBuffer().setUserDefinedWritability(1, false);
        channel.runPendingTasks();
        receive(GET + GET);
        assertThat(handlers).isEmpty();
        assertThat(channel.config().isAutoRead()).isFalse();
        channel.unsafe().outboundBuffer().setUserDefinedWritability(1, true);
        channel.runPendingTasks();
        assertThat(handlers).hasSize(1);
        last().stream.sendHead(ResponseHead.of(200), true);
        assertThat(sent()).isEqualTo(OK);
        assertThat(handlers).hasSize(2);
    }

    @Test
    void anEarlyAnswerToAPausedBodyReadsOn() {
        receive("POST / HTTP/1.1¶Host: h¶Content-Length: 6¶¶abc");
        last().stream.setReading(false);
        last().stream.sendHead(ResponseHead.of(200), true);
        channel.runPendingTasks();
        assertThat(channel.config().isAutoRead()).isTrue();
        receive("def" + GET);
        assertThat(handlers).hasSize(2);
    }

    @Test
    void whatABatchOfReadsLedToIsFlushedOnce() {
        int[] flushes = new int[1];
        channel.pipeline().addFirst(new ChannelOutboundHandlerAdapter() {
            @Override
            public void flush(ChannelHandlerContext ctx) {
                flushes[0]++;
                ctx.flush();
            }
        });
        atBegin = () -> answer(ResponseHead.of(200), "a", "b", "c");
        receive(GET + GET);
        assertThat(flushes[0]).isEqualTo(1);
        String once = "HTTP/1.1 200 OK¶transfer-encoding: chunked¶¶1¶a¶1¶b¶1¶c¶0¶¶";
        assertThat(sent()).isEqualTo(once + once);
    }

    // Expect: 100-continue, RFC 9110 section 10.1.1.

    @Test
    void theUpstreams100IsPassedOnBeforeTheAnswer() {
        receive("POST / HTTP/1.1¶Host: h¶Content-Length: 1¶Expect: 100-continue¶¶");
        assertThat(sent()).isEmpty();
        last().stream.sendInformational(ResponseHead.of(100));
        assertThat(sent()).isEqualTo("HTTP/1.1 100 Continue¶¶");
        receive("x");
        last().stream.sendHead(ResponseHead.of(200), true);
        assertThat(sent()).isEqualTo(OK);
        assertThat(channel.isOpen()).isTrue();
    }

    @Test
    void anAnswerInsteadOf100ClosesForNobodyKnowsWhetherTheBodyFollows() {
        receive("POST / HTTP/1.1¶Host: h¶Content-Length: 1¶Expect: 100-continue¶¶");
        last().stream.sendHead(ResponseHead.of(403), true);
        assertThat(sent()).isEqualTo("HTTP/1.1 403 Forbidden¶content-length: 0¶connection: close¶¶");
        receive(GET);
        assertThat(handlers).hasSize(1);
    }

    @Test
    void aClientOf10GetsNoInterimAnswer() {
        receive("GET / HTTP/1.0¶¶");
        last().stream.sendInformational(ResponseHead.of(103));
        assertThat(sent()).isEmpty();
    }

    // Early answers.

    @Test
    void theRestOfABodyIsReadAfterAnEarlyAnswer() {
        receive("POST / HTTP/1.1¶Host: h¶Content-Length: 6¶¶abc");
        last().stream.sendHead(ResponseHead.of(200), true);
        last().take();
        receive("def" + GET);
        assertThat(last().take()).isEqualTo("GET / end");
        assertThat(handlers.get(0).take()).isEmpty();
    }

    @Test
    void tooLongARestClosesTheConnection() {
        receive("POST / HTTP/1.1¶Host: h¶Content-Length: 100000¶¶abc");
        last().stream.sendHead(ResponseHead.of(200), true);
        receive("x".repeat(1000) + GET);
        assertThat(handlers).hasSize(1);
        advance(Duration.ofSeconds(1));
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void tooLongARestOfUnknownLengthClosesTheConnection() {
        receive("POST / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶¶1¶a¶");
        last().stream.sendHead(ResponseHead.of(200), true);
        for (int i = 0; i < 70; i++) receive("400¶" + "x".repeat(1024) + "¶");
        receive("0¶¶" + GET);
        assertThat(handlers).hasSize(1);
    }

    // What is refused.

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        GET /¶¶                                  | 400 Bad Request                     | BAD_REQUEST
        GET / HTTP/1.1¶¶                         | 400 Bad Request                     | BAD_REQUEST
        CONNECT h:1 HTTP/1.1¶Host: h¶¶           | 501 Not Implemented                 | METHOD_NOT_SUPPORTED
        GET / HTTP/2.0¶¶                         | 505 HTTP Version Not Supported      | VERSION_NOT_SUPPORTED
        GET / HTTP/1.1¶Host: h¶Expect: tea¶¶     | 417 Expectation Failed              | EXPECTATION_FAILED
        """)
    void aBrokenRequestIsAnsweredCountedAndTheConnectionEnds(String request, String status, String failure) {
        receive(request + GET);
        assertThat(sent()).startsWith("HTTP/1.1 " + status + "¶").contains("connection: close¶").endsWith("¶¶" + status.substring(4).toLowerCase() + "␊");
        assertThat(observed).containsExactly(failure);
        assertThat(handlers).isEmpty();
        receive(GET);
        assertThat(handlers).isEmpty();
        advance(Duration.ofSeconds(1));
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void tooLongALineAndTooLargeAHeadHaveTheirOwnAnswers() {
        receive("GET /" + "a".repeat(9000));
        assertThat(sent()).startsWith("HTTP/1.1 414 URI Too Long¶");
    }

    @Test
    void tooLargeAHeadIsAnswered431() {
        receive("GET / HTTP/1.1¶Host: h¶a: " + "a".repeat(70_000));
        assertThat(sent()).startsWith("HTTP/1.1 431 Request Header Fields Too Large¶");
    }

    @Test
    void aBrokenChunkCanBeAnsweredAndTheConnectionEnds() {
        receive("POST / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶¶1¶aX");
        assertThat(last().take()).isEqualTo("POST /, body a, BAD_REQUEST answerable");
        last().stream.sendHead(ResponseHead.of(400), true);
        assertThat(sent()).isEqualTo("HTTP/1.1 400 Bad Request¶content-length: 0¶connection: close¶¶");
        receive(GET);
        assertThat(handlers).hasSize(1);
    }

    @Test
    void aBrokenChunkBehindAnAnswersHeadAborts() {
        receive("POST / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶¶1¶a");
        last().stream.sendHead(ResponseHead.of(200), false);
        last().take();
        receive("X");
        assertThat(last().take()).isEqualTo("BAD_REQUEST");
        assertThat(sent()).isEqualTo("HTTP/1.1 200 OK¶transfer-encoding: chunked¶¶");
        assertThat(channel.isOpen()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\r\nx: y", "a\nx: y", "a\0"})
    void anAnswerCannotBeSplit(String value) {
        receive(GET);
        ResponseHead head = ResponseHead.of(302);
        assertThatThrownBy(() -> head.set(FieldName.of("location"), value)).isInstanceOf(IllegalArgumentException.class);
    }

    // Closing.

    @Test
    void aClientThatSaysCloseGetsItAndCloseBack() {
        receive("GET / HTTP/1.1¶Host: h¶Connection: close¶¶");
        last().stream.sendHead(ResponseHead.of(200), true);
        assertThat(sent()).isEqualTo("HTTP/1.1 200 OK¶content-length: 0¶connection: close¶¶");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void aDrainingConnectionClosesWithTheAnswerItOwes() {
        receive(GET);
        connection.drain();
        assertThat(channel.isOpen()).isTrue();
        last().stream.sendHead(ResponseHead.of(200), true);
        assertThat(sent()).contains("connection: close¶");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void anIdleConnectionThatDrainsWaitsForOneMoreRequestAndCloses() {
        connection.drain();
        advance(Duration.ofMillis(999));
        receive(GET);
        last().stream.sendHead(ResponseHead.of(200), true);
        assertThat(sent()).contains("connection: close¶");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void anIdleConnectionThatDrainsClosesAfterASecond() {
        connection.drain();
        advance(Duration.ofSeconds(1));
        assertThat(channel.isOpen()).isFalse();
        assertThat(sent()).isEmpty();
    }

    @Test
    void aConnectionThatDrainsInTheMiddleOfAnAnswerClosesBehindIt() {
        receive(GET);
        last().stream.sendHead(ResponseHead.of(200), false);
        connection.drain();
        last().stream.sendEnd(null);
        channel.runPendingTasks();
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void aClientThatGoesAwayFailsItsRequest() {
        receive("POST / HTTP/1.1¶Host: h¶Content-Length: 5¶¶a");
        channel.close();
        assertThat(last().take()).isEqualTo("POST /, body a, DOWNSTREAM_RESET");
    }

    // Half-closed clients.

    @Test
    void aClientThatHasClosedItsHalfGetsItsAnswer() {
        receive(GET);
        closeHalf();
        advance(Duration.ofMillis(499));
        last().stream.sendHead(ResponseHead.of(200), false);
        advance(Duration.ofMillis(499));
        last().stream.sendBody(bytes("x"));
        last().stream.sendEnd(null);
        channel.runPendingTasks();
        assertThat(sent()).endsWith("1¶x¶0¶¶");
        assertThat(channel.isOpen()).isFalse();
        assertThat(last().take()).isEqualTo("GET / end");
    }

    @Test
    void aClientThatHasClosedItsHalfCountsAsGoneWhenTheAnswerPauses() {
        receive(GET);
        closeHalf();
        advance(LIMITS.halfClosed());
        assertThat(last().take()).isEqualTo("GET / end, DOWNSTREAM_RESET");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void pipelinedRequestsAreAnsweredThoughTheClientHasClosedItsHalf() {
        receive(GET + GET);
        closeHalf();
        last().stream.sendHead(ResponseHead.of(200), true);
        channel.runPendingTasks();
        assertThat(handlers).hasSize(2);
        last().stream.sendHead(ResponseHead.of(200), true);
        channel.runPendingTasks();
        assertThat(sent()).isEqualTo(OK + OK);
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void aHalfCloseInTheMiddleOfABodyFailsTheRequest() {
        receive("POST / HTTP/1.1¶Host: h¶Content-Length: 5¶¶a");
        closeHalf();
        assertThat(last().take()).isEqualTo("POST /, body a, DOWNSTREAM_RESET");
        assertThat(channel.isOpen()).isFalse();
    }

    // Time.

    @Test
    void aSlowHeadIsAnswered408() {
        receive("GET / HT");
        advance(LIMITS.head().minusNanos(1));
        receive("TP");
        assertThat(sent()).isEmpty();
        advance(Duration.ofNanos(1));
        assertThat(sent()).startsWith("HTTP/1.1 408 Request Timeout¶");
        assertThat(observed).containsExactly("REQUEST_HEAD_TIMEOUT");
    }

    @Test
    void aSlowSecondHeadIsTimedFromItsOwnFirstByte() {
        receive(GET);
        last().stream.sendHead(ResponseHead.of(200), true);
        advance(Duration.ofMinutes(1));
        sent();
        receive("GET");
        advance(LIMITS.head().minusNanos(1));
        assertThat(sent()).isEmpty();
        advance(Duration.ofNanos(1));
        assertThat(sent()).startsWith("HTTP/1.1 408");
    }

    @Test
    void aSilentBodyFailsTheRequest() {
        receive("POST / HTTP/1.1¶Host: h¶Content-Length: 5¶¶a");
        advance(LIMITS.body().minusNanos(1));
        receive("b");
        advance(LIMITS.body().minusNanos(1));
        assertThat(last().take()).isEqualTo("POST /, body ab");
        advance(Duration.ofNanos(1));
        assertThat(last().take()).isEqualTo("REQUEST_BODY_TIMEOUT answerable");
        last().stream.sendHead(ResponseHead.of(408), true);
        assertThat(sent()).contains("connection: close¶");
    }

    @Test
    void aBodyThatNobodyWantsYetIsNotLate() {
        receive("POST / HTTP/1.1¶Host: h¶Content-Length: 5¶¶a");
        last().stream.setReading(false);
        advance(LIMITS.body().multipliedBy(3));
        assertThat(last().take()).isEqualTo("POST /, body a");
    }

    @Test
    void anIdleConnectionIsClosedWithoutAWord() {
        receive(GET);
        advance(LIMITS.idle().multipliedBy(2));
        last().stream.sendHead(ResponseHead.of(200), true);
        assertThat(sent()).isEqualTo(OK);
        advance(LIMITS.idle().minusNanos(1));
        assertThat(channel.isOpen()).isTrue();
        advance(Duration.ofNanos(1));
        assertThat(channel.isOpen()).isFalse();
        assertThat(sent()).isEmpty();
    }

    // Upgrades.

    @Test
    void anUpgradedConnectionIsHandedOverWithWhatWasReadAhead() {
        receive("GET / HTTP/1.1¶Host: h¶Connection: upgrade¶Upgrade: websocket¶¶frame");
        ResponseHead switching = ResponseHead.of(101);
        switching.add(FieldName.UPGRADE, "websocket");
        StringBuilder raw = new StringBuilder();
        Channel taken = last().stream.takeOver(switching);
        assertThat(sent()).isEqualTo("HTTP/1.1 101 Switching Protocols¶upgrade: websocket¶connection: upgrade¶¶");
        assertThat(taken.config().isAutoRead()).isFalse();
        taken.pipeline().addLast(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                ByteBuf bytes = (ByteBuf) message;
                raw.append(bytes.toString(StandardCharsets.US_ASCII));
                bytes.release();
            }
        });
        assertThat(raw).isEmpty();
        taken.read();
        assertThat(raw).hasToString("frame");
        receive("more");
        assertThat(raw).hasToString("framemore");
        assertThat(channel.pipeline().get(ReadAhead.class)).isNull();
    }

    @Test
    void anUpgradeBehindABodyIsIgnored() {
        receive("POST / HTTP/1.1¶Host: h¶Connection: upgrade¶Upgrade: websocket¶Content-Length: 1¶¶");
        assertThat(last().stream.head().upgrade()).isNull();
    }

    private RecordingHandler last() {
        return handlers.get(handlers.size() - 1);
    }

    private void receive(String readable) {
        ByteBuf bytes = Wire.bytes(readable);
        seen.add(bytes);
        channel.writeInbound(bytes);
    }

    private void answer(ResponseHead head, String... parts) {
        RecordingHandler handler = last();
        handler.stream.sendHead(head, false);
        for (String part : parts) handler.stream.sendBody(bytes(part));
        handler.stream.sendEnd(null);
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1);
    }

    private void closeHalf() {
        channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        channel.runPendingTasks();
    }

    private void advance(Duration time) {
        nanos += time.toNanos();
        channel.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
        channel.runScheduledPendingTasks();
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
