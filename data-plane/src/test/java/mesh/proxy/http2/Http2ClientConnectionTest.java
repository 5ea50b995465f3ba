package mesh.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import mesh.proxy.http.ClientConnection;
import mesh.proxy.http.Fields;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.http.UpstreamHandler;
import mesh.proxy.http.UpstreamStream;
import mesh.proxy.loop.TimerWheel;
import mesh.proxy.outcome.Failure;
import mesh.time.FakeClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What an upstream sees of us, and what we make of what it does, told by a {@link ModelPeer}. */
class Http2ClientConnectionTest {

    private final FakeClock clock = new FakeClock();
    private final TimerWheel timers = new TimerWheel(clock.scheduler(), clock);
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final List<String> owner = new ArrayList<>();
    private final Http2ClientConnection connection = new Http2ClientConnection(new ClientConnection.Owner() {
        @Override
        public void onCapacity(ClientConnection unused) {
            owner.add("capacity");
        }

        @Override
        public void onRetired(ClientConnection unused) {
            owner.add("retired");
        }

        @Override
        public void onHttp1(ClientConnection unused) {
            owner.add("http1");
        }
    }, Http2Limits.CLIENT, timers);
    private final ModelPeer peer = new ModelPeer(channel, new Random(1), false);

    @BeforeEach
    void connects() {
        channel.pipeline().addLast(connection);
    }

    @AfterEach
    void closes() {
        channel.finishAndReleaseAll();
        assertThat(timers.count()).isZero();
    }

    @Test
    void sendsARequestAndHearsItsAnswer() throws Exception {
        greet();
        Call call = new Call("POST");
        peer.inLoop(() -> {
            call.stream.sendBody(text("ten"));
            call.stream.sendEnd(null);
        });
        peer.flush();
        ModelPeer.Stream stream = peer.streams.get(1);
        assertThat(stream.head.method()).hasToString("POST");
        assertThat(stream.head.authority()).hasToString("payments");
        assertThat(stream.received.toString(StandardCharsets.US_ASCII)).isEqualTo("ten");
        assertThat(stream.ended).isTrue();

        peer.head(stream, new DefaultHttp2Headers().status("103"), false);
        peer.head(stream, new DefaultHttp2Headers().status("201"), false);
        peer.data(stream, 5, false);
        peer.head(stream, new DefaultHttp2Headers().add("grpc-status", "0"), true);
        peer.flush();
        assertThat(call.events).containsExactly("interim 103", "head 201 false", "body 5", "end grpc-status: 0");
        assertThat(owner).containsExactly("capacity");
        assertThat(stream.reset).isNull();
    }

    @Test
    void takesAsManyRequestsAsTheUpstreamAllows() throws Exception {
        peer.hello(Frames.MAX_CONCURRENT_STREAMS, 2);
        peer.flush();
        assertThat(connection.capacity()).isEqualTo(2);
        Call first = new Call("GET");
        new Call("GET");
        assertThat(connection.capacity()).isZero();
        answer(1);
        assertThat(first.events).containsExactly("head 200 true");
        assertThat(connection.capacity()).isEqualTo(1);
        peer.settings(Frames.MAX_CONCURRENT_STREAMS, 1);
        peer.flush();
        assertThat(connection.capacity()).isZero();
    }

    /** RFC 9113 section 6.8. */
    @Test
    void givesUpUnprocessedWhatAGoAwayLeavesOut() throws Exception {
        greet();
        Call kept = new Call("POST");
        Call left = new Call("POST");
        peer.frame(Frames.GOAWAY, 0, 0, Unpooled.buffer().writeInt(1).writeInt(0));
        peer.flush();
        assertThat(left.events).containsExactly("failed STREAM_REFUSED true");
        assertThat(kept.events).isEmpty();
        assertThat(owner).contains("retired");
        assertThat(connection.capacity()).isZero();
        assertThat(channel.isOpen()).isTrue();
        answer(1);
        assertThat(kept.events).containsExactly("head 200 true");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void tellsRefusedFromReset() throws Exception {
        greet();
        Call refused = new Call("GET");
        Call reset = new Call("GET");
        Call cut = new Call("GET");
        peer.head(peer.streams.get(5), new DefaultHttp2Headers().status("200"), false);
        peer.reset(peer.streams.get(1), ErrorCode.REFUSED_STREAM);
        peer.reset(peer.streams.get(3), ErrorCode.INTERNAL_ERROR);
        peer.reset(peer.streams.get(5), ErrorCode.INTERNAL_ERROR);
        peer.flush();
        assertThat(refused.events).containsExactly("failed STREAM_REFUSED true");
        assertThat(reset.events).containsExactly("failed UPSTREAM_RESET false");
        assertThat(cut.events).containsExactly("head 200 false", "failed UPSTREAM_TRUNCATED false");
        assertThat(channel.isOpen()).isTrue();
    }

    /** RFC 9113 section 8.1: the answer is complete, whatever becomes of the request. */
    @Test
    void takesAnEarlyAnswerWhole() throws Exception {
        greet();
        Call call = new Call("POST");
        call.stream.setReading(false);
        ModelPeer.Stream stream = peer.streams.get(1);
        peer.head(stream, new DefaultHttp2Headers().status("413"), false);
        peer.data(stream, 7, true);
        peer.reset(stream, ErrorCode.NO_ERROR);
        peer.flush();
        assertThat(call.events).containsExactly("head 413 false");
        peer.inLoop(() -> call.stream.setReading(true));
        assertThat(call.events).containsExactly("head 413 false", "body 7", "end null");
        assertThat(connection.idle()).isTrue();
    }

    @Test
    void stopsARequestWhoseAnswerIsComplete() throws Exception {
        greet();
        new Call("POST");
        answer(1);
        assertThat(peer.streams.get(1).reset).isEqualTo(ErrorCode.CANCEL);
    }

    @Test
    void resetsAnAnswerThatIsNone() throws Exception {
        greet();
        Call bodyFirst = new Call("GET");
        Call switching = new Call("GET");
        Call tooLong = new Call("GET");
        Call tooShort = new Call("GET");
        Call endless = new Call("GET");
        peer.data(peer.streams.get(1), 3, false);
        peer.head(peer.streams.get(3), new DefaultHttp2Headers().status("101"), false);
        peer.head(peer.streams.get(5), new DefaultHttp2Headers().status("200").add("content-length", "2"), false);
        peer.data(peer.streams.get(5), 3, true);
        peer.head(peer.streams.get(7), new DefaultHttp2Headers().status("200").add("content-length", "4"), false);
        peer.data(peer.streams.get(7), 3, true);
        for (int i = 0; i < 101; i++) peer.head(peer.streams.get(9), new DefaultHttp2Headers().status("100"), false);
        peer.flush();
        assertThat(bodyFirst.events).containsExactly("failed UPSTREAM_PROTOCOL false");
        assertThat(switching.events).containsExactly("failed UPSTREAM_PROTOCOL false");
        assertThat(tooLong.events).endsWith("failed UPSTREAM_PROTOCOL false").doesNotContain("body 3");
        assertThat(tooShort.events).endsWith("failed UPSTREAM_PROTOCOL false");
        assertThat(endless.events).endsWith("failed UPSTREAM_PROTOCOL false");
        assertThat(peer.wentAway).isEqualTo(-1);
        assertThat(connection.idle()).isTrue();
    }

    @Test
    void expectsNoBodyForHead() throws Exception {
        greet();
        Call call = new Call("HEAD");
        peer.head(peer.streams.get(1), new DefaultHttp2Headers().status("200").add("content-length", "9"), true);
        peer.flush();
        assertThat(call.events).containsExactly("head 200 true");
    }

    @Test
    void tellsAConnectionThatBreaksFromOneThatWasClosedUnderItsUser() throws Exception {
        greet();
        Call first = new Call("GET");
        answer(1);
        Call second = new Call("GET");
        channel.close();
        assertThat(first.events).containsExactly("head 200 true");
        assertThat(second.events).as("nothing was heard since it began").containsExactly("failed REUSED_CLOSED false");
        assertThat(owner).endsWith("retired");
    }

    /** A server that knows no HTTP/2 takes the preface for a request. */
    @Test
    void understandsAnAnswerInHttp1() {
        Call call = new Call("GET");
        channel.writeInbound(text("HTTP/1.1 400 Bad Request\r\n\r\n"));
        assertThat(call.events).containsExactly("failed STREAM_REFUSED true");
        assertThat(owner).contains("http1", "retired");
    }

    @Test
    void cancelsWithAReset() throws Exception {
        greet();
        Call call = new Call("GET");
        peer.inLoop(() -> call.stream.cancel(Failure.DOWNSTREAM_RESET));
        peer.flush();
        assertThat(peer.streams.get(1).reset).isEqualTo(ErrorCode.CANCEL);
        assertThat(call.events).isEmpty();
        assertThat(owner).containsExactly("capacity");
        peer.head(peer.streams.get(1), new DefaultHttp2Headers().status("200"), true);
        peer.flush();
        assertThat(peer.wentAway).as("what was on its way is in order").isEqualTo(-1);
    }

    @Test
    void retiresWhenItsLastRequestHasEnded() throws Exception {
        greet();
        Call call = new Call("GET");
        peer.inLoop(connection::retire);
        assertThat(connection.capacity()).isZero();
        answer(1);
        assertThat(call.events).containsExactly("head 200 true");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void notesAnUpstreamThatIsGoneWithoutAWord() throws Exception {
        greet();
        Call call = new Call("GET");
        clock.advance(Duration.ofSeconds(320));
        assertThat(channel.isOpen()).isTrue();
        clock.advance(Duration.ofSeconds(30));
        assertThat(channel.isOpen()).isFalse();
        assertThat(call.events).containsExactly("failed UPSTREAM_CLOSED false");
    }

    private void greet() {
        peer.hello();
        peer.flush();
    }

    private void answer(int stream) throws Exception {
        peer.head(peer.streams.get(stream), new DefaultHttp2Headers().status("200"), true);
        peer.flush();
    }

    private static ByteBuf text(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
    }

    /** A request, begun at once; one with a body is not ended. */
    private final class Call implements UpstreamHandler {

        final List<String> events = new ArrayList<>();
        final UpstreamStream stream;

        Call(String method) {
            stream = connection.open(this);
            peer.inLoop(() -> stream.sendHead(RequestHead.of(method, "/", "payments"), !method.equals("POST")));
            peer.flush();
        }

        @Override
        public void onInformational(ResponseHead head) {
            events.add("interim " + head.status());
        }

        @Override
        public void onHead(ResponseHead head, boolean end) {
            events.add("head " + head.status() + " " + end);
        }

        @Override
        public void onBody(ByteBuf data) {
            events.add("body " + data.readableBytes());
            data.release();
        }

        @Override
        public void onEnd(Fields trailers) {
            events.add("end " + (trailers == null ? null : trailers.toString().strip()));
        }

        @Override
        public void onWritable() {}

        @Override
        public void onFailure(Failure failure, boolean unprocessed) {
            events.add("failed " + failure + " " + unprocessed);
        }
    }
}
