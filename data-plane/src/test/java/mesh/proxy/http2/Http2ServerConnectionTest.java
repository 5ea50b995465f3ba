package mesh.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import mesh.proxy.http.DownstreamHandler;
import mesh.proxy.http.DownstreamStream;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.http.ServerConnection;
import mesh.proxy.loop.TimerWheel;
import mesh.proxy.outcome.Failure;
import mesh.proxy.outcome.StopReason;
import mesh.time.FakeClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a client sees of us, told by a {@link ModelPeer}. */
class Http2ServerConnectionTest {

    private final FakeClock clock = new FakeClock();
    private final TimerWheel timers = new TimerWheel(clock.scheduler(), clock);
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final List<Recorder> requests = new ArrayList<>();
    private final List<String> observed = new ArrayList<>();
    private final List<StopReason> stopped = new ArrayList<>();
    private final ServerConnection.Observer observer = new ServerConnection.Observer() {
        @Override
        public void onRefused(Channel client, Failure failure, String why) {
            observed.add(failure.toString());
        }

        @Override
        public void onStopped(Channel client, StopReason reason, String why) {
            stopped.add(reason);
        }

        @Override
        public void onBug(Channel client, Throwable bug) {
            observed.add(bug.toString());
        }
    };
    private final Http2ServerConnection connection = new Http2ServerConnection((stream, end) -> {
        Recorder recorder = new Recorder(stream);
        requests.add(recorder);
        return recorder;
    }, Http2Limits.SERVER, timers, observer);
    private final ModelPeer peer = new ModelPeer(channel, new Random(1), true);

    @BeforeEach
    void connects() {
        channel.pipeline().addLast(connection);
        peer.hello();
        peer.flush();
    }

    @AfterEach
    void closes() {
        channel.finishAndReleaseAll();
        assertThat(timers.count()).isZero();
    }

    @Test
    void answersWithABodyAndTrailers() throws Exception {
        ModelPeer.Stream stream = get(1);
        peer.inLoop(() -> {
            requests.get(0).stream.sendInformational(ResponseHead.of(103));
            requests.get(0).stream.sendHead(ResponseHead.of(200), false);
            requests.get(0).stream.sendBody(text("hello"));
            Fields trailers = new Fields();
            trailers.add(FieldName.of("grpc-status"), "0");
            requests.get(0).stream.sendEnd(trailers);
        });
        peer.flush();
        assertThat(stream.head.status()).hasToString("103");
        assertThat(stream.received.toString(StandardCharsets.US_ASCII)).isEqualTo("hello");
        assertThat(stream.trailers.get("grpc-status")).hasToString("0");
        assertThat(stream.ended).isTrue();
        assertThat(stream.reset).isNull();
    }

    @Test
    void hasNoBodyForHead() throws Exception {
        ModelPeer.Stream stream = peer.open(1, new DefaultHttp2Headers().method("HEAD").scheme("http").authority("h").path("/"), true);
        peer.flush();
        answer(0, 200, "hello");
        assertThat(stream.received.size()).isZero();
        assertThat(stream.ended).isTrue();
    }

    /** RFC 9113 section 8.1. */
    @Test
    void tellsAClientToStopAfterAnEarlyAnswer() throws Exception {
        ModelPeer.Stream stream = peer.open(1, ModelPeer.post("/"), false);
        peer.data(stream, 10, false);
        peer.flush();
        answer(0, 413, "no");
        assertThat(stream.ended).isTrue();
        assertThat(stream.reset).isEqualTo(ErrorCode.NO_ERROR);
        peer.data(stream, 10_000, true);
        peer.flush();
        assertThat(peer.wentAway).as("what was on its way is in order").isEqualTo(-1);
    }

    @Test
    void tellsItsHandlerWhenTheClientResets() throws Exception {
        peer.reset(peer.open(1, ModelPeer.post("/"), false), ErrorCode.CANCEL);
        peer.flush();
        assertThat(requests.get(0).events).containsExactly("failed DOWNSTREAM_RESET false");
    }

    @Test
    void tellsItsHandlersWhenTheClientIsGone() throws Exception {
        get(1);
        get(3);
        channel.close();
        assertThat(requests).allSatisfy(r -> assertThat(r.events).containsExactly("end", "failed DOWNSTREAM_RESET false"));
    }

    @Test
    void endsAnAnswerThatBreaksOffWithAReset() throws Exception {
        ModelPeer.Stream stream = get(1);
        peer.inLoop(() -> {
            requests.get(0).stream.sendHead(ResponseHead.of(200), false);
            requests.get(0).stream.sendBody(text("half"));
            requests.get(0).stream.abort(Failure.UPSTREAM_TRUNCATED);
        });
        peer.flush();
        assertThat(stream.ended).isFalse();
        assertThat(stream.reset).isEqualTo(ErrorCode.INTERNAL_ERROR);
    }

    @Test
    void refusesAStreamOverTheLimitAndTakesItsPlaceBack() throws Exception {
        for (int i = 0; i < 100; i++) get(2 * i + 1);
        ModelPeer.Stream refused = get(201);
        assertThat(refused.reset).isEqualTo(ErrorCode.REFUSED_STREAM);
        assertThat(requests).hasSize(100);
        answer(0, 200, "");
        assertThat(get(203).reset).isNull();
        assertThat(requests).hasSize(101);
    }

    @Test
    void answersWhatItCannotServe() throws Exception {
        ModelPeer.Stream connect = peer.open(1, new DefaultHttp2Headers().method("CONNECT").authority("h:1"), false);
        ModelPeer.Stream large = peer.open(3, ModelPeer.get("/").add("x", "a".repeat(15_000)), true);
        Http2Headers many = ModelPeer.get("/");
        for (int i = 0; i < 101; i++) many.add("x" + i, "1");
        ModelPeer.Stream tooMany = peer.open(5, many, true);
        ModelPeer.Stream other = peer.open(7, ModelPeer.get("/").add("host", "other"), true);
        peer.flush();
        assertThat(connect.head.status()).hasToString("501");
        assertThat(connect.reset).isEqualTo(ErrorCode.NO_ERROR);
        assertThat(large.head).as("within the limit").isNull();
        assertThat(tooMany.head.status()).hasToString("431");
        assertThat(other.head.status()).hasToString("400");
        assertThat(observed).containsExactly("METHOD_NOT_SUPPORTED", "HEAD_TOO_LARGE", "BAD_REQUEST");
    }

    /** RFC 9113 section 6.8: first a warning, for those who are about to ask, then the number of the last that is looked at. */
    @Test
    void drainsWithoutLosingARequestThatIsOnItsWay() throws Exception {
        get(1);
        peer.inLoop(connection::drain);
        peer.flush();
        assertThat(peer.wentAway).isEqualTo(Integer.MAX_VALUE);
        ModelPeer.Stream late = get(3);
        clock.advance(Duration.ofSeconds(2));
        peer.flush();
        assertThat(peer.wentAway).isEqualTo(3);
        assertThat(get(5).reset).isEqualTo(ErrorCode.REFUSED_STREAM);
        answer(0, 200, "");
        assertThat(channel.isOpen()).isTrue();
        answer(1, 200, "");
        assertThat(late.ended).isTrue();
        assertThat(channel.isOpen()).as("until the client has read that").isTrue();
        clock.advance(Duration.ofSeconds(1).plusMillis(10));
        assertThat(channel.isOpen()).isFalse();
    }

    /** CVE-2023-44487. */
    @Test
    void endsAConnectionThatOnlyOpensAndResets() throws Exception {
        for (int i = 0; i < 501 && peer.wentAway < 0; i++) {
            peer.reset(peer.open(2 * i + 1, ModelPeer.get("/"), true), ErrorCode.CANCEL);
            peer.flush();
        }
        assertThat(peer.awayCode).isEqualTo(ErrorCode.ENHANCE_YOUR_CALM);
        clock.advance(Duration.ofSeconds(1).plusMillis(10));
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void suffersAnyNumberOfResetsOfStreamsThatItHasAnswered() throws Exception {
        for (int i = 0; i < 1000; i++) {
            ModelPeer.Stream stream = get(2 * i + 1);
            int n = i;
            peer.inLoop(() -> requests.get(n).stream.sendHead(ResponseHead.of(200), false));
            peer.reset(stream, ErrorCode.CANCEL);
            peer.flush();
        }
        assertThat(peer.wentAway).isEqualTo(-1);
    }

    /** CVE-2019-9512, -9515, -9518 and their like. */
    @Test
    void endsAConnectionThatOnlyMakesWork() {
        for (int i = 0; i < 201; i++) peer.frame(Frames.PING, 0, 0, Unpooled.buffer().writeLong(i));
        peer.flush();
        assertThat(peer.awayCode).isEqualTo(ErrorCode.ENHANCE_YOUR_CALM);
    }

    @Test
    void suffersTheSameWorkOverTime() {
        for (int i = 0; i < 1000; i++) {
            peer.frame(Frames.PING, 0, 0, Unpooled.buffer().writeLong(i));
            clock.advance(Duration.ofMillis(10));
        }
        peer.flush();
        assertThat(peer.wentAway).isEqualTo(-1);
        assertThat(peer.pongs).isEqualTo(1000);
    }

    @Test
    void asksASilentClientWhetherItLivesAndClosesWhenItDoesNotSay() throws Exception {
        get(1);
        clock.advance(Duration.ofSeconds(70));
        peer.flush();
        assertThat(peer.pongs).as("PINGs heard").isEqualTo(1);
        clock.advance(Duration.ofSeconds(30));
        assertThat(channel.isOpen()).isFalse();
        assertThat(requests.get(0).events).contains("failed DOWNSTREAM_RESET false");
    }

    @Test
    void resetsAnAnswerThatItsClientDoesNotTake() throws Exception {
        peer.settings(Frames.INITIAL_WINDOW_SIZE, 0);
        ModelPeer.Stream stream = get(1);
        answer(0, 200, "hello");
        for (int i = 0; i < 14; i++) {
            clock.advance(Duration.ofSeconds(5));
            peer.frame(Frames.PING, Frames.ACK, 0, Unpooled.buffer().writeLong(0));
            peer.flush();
        }
        assertThat(stream.reset).isEqualTo(ErrorCode.CANCEL);
        assertThat(stopped).containsExactly(StopReason.STALLED);
    }

    @Test
    void aFrameThatIsLongInComingIsOneThoughItsPiecesAreNot() {
        for (int i = 0; i < 6 && channel.isOpen(); i++) {
            peer.inLoop(() -> channel.pipeline().fireChannelRead(Unpooled.wrappedBuffer(new byte[1])));
            peer.flush();
            clock.advance(Duration.ofSeconds(3));
        }
        peer.flush();
        assertThat(peer.awayCode).isEqualTo(ErrorCode.ENHANCE_YOUR_CALM);
        assertThat(stopped).containsExactly(StopReason.SLOW_HEAD);
    }

    @Test
    void framesThatComeInPiecesOneAfterTheOtherAreSuffered() {
        byte[] ping = {0, 0, 8, Frames.PING, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
        ByteBuf pings = Unpooled.wrappedBuffer(Collections.nCopies(20, Unpooled.wrappedBuffer(ping)).toArray(ByteBuf[]::new));
        while (pings.isReadable()) {
            ByteBuf part = Unpooled.copiedBuffer(pings.readSlice(Math.min(pings.readableBytes(), 20)));
            peer.inLoop(() -> channel.pipeline().fireChannelRead(part));
            peer.flush();
            clock.advance(Duration.ofSeconds(3));
        }
        peer.flush();
        assertThat(peer.wentAway).isEqualTo(-1);
        assertThat(peer.pongs).isEqualTo(20);
    }

    /** TLS takes what it is given until it is flushed, and says nothing of being full. */
    @Test
    void writesNoMoreAtOnceThanAChannelTakes() throws Exception {
        FlushMeter meter = new FlushMeter();
        channel.pipeline().addFirst(meter);
        peer.settings(Frames.INITIAL_WINDOW_SIZE, 1 << 20);
        peer.window(null, 1 << 24);
        for (int i = 0; i < 100; i++) get(2 * i + 1);
        peer.inLoop(() -> requests.forEach(r -> {
            r.stream.sendHead(ResponseHead.of(200), false);
            r.stream.sendBody(Unpooled.wrappedBuffer(new byte[15_000]));
            r.stream.sendBody(Unpooled.wrappedBuffer(new byte[15_000]));
            r.stream.sendEnd(null);
        }));
        peer.flush();
        assertThat(peer.streams.values()).allSatisfy(s -> assertThat(s.received.size()).isEqualTo(30_000));
        assertThat(meter.most).isBetween(32 * 1024, 128 * 1024);
    }

    @Test
    void closesAnIdleConnectionPolitely() {
        clock.advance(Duration.ofHours(1).plusSeconds(5));
        peer.flush();
        assertThat(peer.awayCode).isEqualTo(ErrorCode.NO_ERROR);
        clock.advance(Duration.ofSeconds(1).plusMillis(10));
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void closesAConnectionThatNeverSaysHello() {
        EmbeddedChannel silent = new EmbeddedChannel(new Http2ServerConnection((stream, end) -> null, Http2Limits.SERVER, timers, observer));
        clock.advance(Duration.ofSeconds(16));
        assertThat(silent.isOpen()).isFalse();
        assertThat(stopped).containsExactly(StopReason.SLOW_PREFACE);
        silent.finishAndReleaseAll();
    }

    private ModelPeer.Stream get(int id) throws Exception {
        ModelPeer.Stream stream = peer.open(id, ModelPeer.get("/" + id), true);
        peer.flush();
        return stream;
    }

    private void answer(int request, int status, String body) {
        peer.inLoop(() -> {
            DownstreamStream stream = requests.get(request).stream;
            stream.sendHead(ResponseHead.of(status), body.isEmpty());
            if (body.isEmpty()) return;
            stream.sendBody(text(body));
            stream.sendEnd(null);
        });
        peer.flush();
    }

    private static ByteBuf text(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
    }

    /** The most that was written between two flushes. */
    private static final class FlushMeter extends ChannelOutboundHandlerAdapter {

        int most;
        private int unflushed;

        @Override
        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
            unflushed += ((ByteBuf) message).readableBytes();
            most = Math.max(most, unflushed);
            context.write(message, promise);
        }

        @Override
        public void flush(ChannelHandlerContext context) {
            unflushed = 0;
            context.flush();
        }
    }

    private static final class Recorder implements DownstreamHandler {

        final DownstreamStream stream;
        final List<String> events = new ArrayList<>();

        Recorder(DownstreamStream stream) {
            this.stream = stream;
            if (((Http2ServerStream) stream).hasRemoteEnded()) events.add("end");
        }

        @Override
        public void onBody(ByteBuf data) {
            events.add("body " + data.toString(StandardCharsets.US_ASCII));
            data.release();
        }

        @Override
        public void onEnd(Fields trailers) {
            events.add("end");
        }

        @Override
        public void onWritable() {
            events.add("writable");
        }

        @Override
        public void onFailure(Failure failure, boolean answerable) {
            events.add("failed " + failure + " " + answerable);
        }
    }
}
