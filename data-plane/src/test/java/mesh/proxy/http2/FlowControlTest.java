package mesh.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import mesh.proxy.http.ClientConnection;
import mesh.proxy.http.DownstreamHandler;
import mesh.proxy.http.DownstreamStream;
import mesh.proxy.http.Fields;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.http.ServerConnection;
import mesh.proxy.http.UpstreamHandler;
import mesh.proxy.http.UpstreamStream;
import mesh.proxy.loop.TimerWheel;
import mesh.proxy.outcome.Failure;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Any order of DATA, WINDOW_UPDATE, SETTINGS and RST_STREAM, against a {@link ModelPeer} that keeps the accounts: no window is exceeded,
 * nothing is lost or reordered, nothing stalls, and in the end every byte of window has been given back.
 */
class FlowControlTest {

    private static final int STREAMS = 12;
    private static final int STEPS = 1500;

    private final List<Throwable> broken = new ArrayList<>();
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final TimerWheel timers = new TimerWheel(channel.eventLoop(), System::nanoTime);

    @AfterEach
    void closesWithoutLosingAnything() {
        channel.finishAndReleaseAll();
        if (!broken.isEmpty()) throw new AssertionError(broken.get(0));
    }

    static IntStream seeds() {
        return IntStream.range(0, 25);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void aServerEchoesWhateverTheOrder(int seed) throws Exception {
        Random random = new Random(seed);
        List<Echo> echoes = new ArrayList<>();
        channel.pipeline().addLast(new Http2ServerConnection((stream, end) -> {
            Echo echo = new Echo(stream, random);
            echoes.add(echo);
            return echo;
        }, calm(Http2Limits.SERVER), timers, new Strict()));
        ModelPeer peer = new ModelPeer(channel, random, true);
        peer.hello(Frames.INITIAL_WINDOW_SIZE, random.nextInt(3) == 0 ? 0 : random.nextInt(100_000));
        peer.flush();
        int next = 1;
        for (int step = 0; step < STEPS; step++) {
            if (peer.streams.size() < STREAMS && random.nextInt(20) == 0) {
                peer.open(next, ModelPeer.post("/" + next), false);
                next += 2;
            }
            disturb(peer, random);
            if (!echoes.isEmpty()) peer.inLoop(echoes.get(random.nextInt(echoes.size()))::toggle);
            if (random.nextInt(3) == 0) peer.flush();
        }
        finish(peer, () -> echoes.forEach(Echo::resume));
        for (ModelPeer.Stream stream : peer.streams.values()) assertComplete(stream, stream.sent.toByteArray(), stream.received.toByteArray());
        assertThat(peer.itsWindow).isGreaterThan(Http2Limits.SERVER.connectionWindow() / 2);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void aClientSendsAndReceivesWhateverTheOrder(int seed) throws Exception {
        Random random = new Random(seed);
        Http2ClientConnection connection = new Http2ClientConnection(new Nobody(), calm(Http2Limits.CLIENT), timers);
        channel.pipeline().addLast(connection);
        ModelPeer peer = new ModelPeer(channel, random, false);
        peer.hello(Frames.INITIAL_WINDOW_SIZE, random.nextInt(100_000));
        peer.flush();
        List<Call> calls = new ArrayList<>();
        for (int step = 0; step < STEPS; step++) {
            if (calls.size() < STREAMS && random.nextInt(20) == 0) peer.inLoop(() -> calls.add(new Call(connection, random)));
            for (ModelPeer.Stream stream : List.copyOf(peer.streams.values())) {
                if (stream.reset == null && !stream.itsHead) {
                    peer.head(stream, new DefaultHttp2Headers().status("200"), false);
                }
            }
            disturb(peer, random);
            if (!calls.isEmpty()) peer.inLoop(calls.get(random.nextInt(calls.size()))::step);
            if (random.nextInt(3) == 0) peer.flush();
        }
        peer.inLoop(() -> calls.forEach(Call::end));
        peer.flush();
        for (ModelPeer.Stream stream : List.copyOf(peer.streams.values())) {
            if (stream.reset == null && !stream.itsHead) peer.head(stream, new DefaultHttp2Headers().status("200"), false);
        }
        finish(peer, () -> calls.forEach(Call::resume));
        for (Call call : calls) {
            ModelPeer.Stream stream = peer.streams.get(call.id());
            assertComplete(stream, call.sent.toByteArray(), stream.received.toByteArray());
            if (stream.reset == null) assertThat(call.received.toByteArray()).isEqualTo(stream.sent.toByteArray());
            if (stream.reset == null) assertThat(call.ended).isTrue();
        }
        assertThat(connection.idle()).isTrue();
    }

    /** One of the things a peer may do at any time. */
    private static void disturb(ModelPeer peer, Random random) {
        if (peer.streams.isEmpty()) return;
        ModelPeer.Stream[] all = peer.streams.values().toArray(ModelPeer.Stream[]::new);
        ModelPeer.Stream any = all[random.nextInt(all.length)];
        switch (random.nextInt(8)) {
            case 0, 1, 2, 3 -> {
                if (!any.itsEnd && any.reset == null && any.itsHead) peer.data(any, random.nextInt(20_000), random.nextInt(30) == 0);
            }
            case 4 -> {
                if (any.reset == null && !any.ended && any.ourWindow < 1 << 20) peer.window(any, 1 + random.nextInt(30_000));
            }
            case 5 -> {
                if (peer.ourWindow < 1 << 20) peer.window(null, 1 + random.nextInt(60_000));
            }
            case 6 -> {
                if (random.nextInt(10) == 0) peer.settings(Frames.INITIAL_WINDOW_SIZE, random.nextInt(80_000));
            }
            default -> {
                if (random.nextInt(100) == 0 && any.reset == null && !(any.ended && any.itsEnd)) peer.reset(any, ErrorCode.CANCEL);
            }
        }
    }

    /** Ends every stream and opens every window: now all must come through. */
    private static void finish(ModelPeer peer, Runnable resume) {
        peer.settings(Frames.INITIAL_WINDOW_SIZE, 1 << 20);
        for (int round = 0; round < 400; round++) {
            peer.inLoop(resume);
            if (peer.ourWindow < 1 << 20) peer.window(null, 1 << 20);
            for (ModelPeer.Stream stream : List.copyOf(peer.streams.values())) {
                if (stream.reset != null) continue;
                if (!stream.ended && stream.ourWindow < 1 << 20) peer.window(stream, 1 << 20);
                if (!stream.itsEnd) peer.data(stream, 1, true);
            }
            peer.flush();
        }
        assertThat(peer.wentAway).as("no GOAWAY, but " + peer.awayCode).isEqualTo(-1);
    }

    private static void assertComplete(ModelPeer.Stream stream, byte[] sent, byte[] received) {
        if (stream.reset != null) {
            assertThat(stream.reset).isIn(ErrorCode.CANCEL, ErrorCode.NO_ERROR);
            return;
        }
        assertThat(stream.ended).as(stream + " has ended").isTrue();
        assertThat(received).isEqualTo(sent);
    }

    /** Random orders have more SETTINGS a second than anybody sends. */
    private static Http2Limits calm(Http2Limits of) {
        return new Http2Limits(of.streams(), of.streamWindow(), of.connectionWindow(), of.headBytes(), of.fields(), of.continuations(),
            Integer.MAX_VALUE, of.earlyResets(), of.head(), of.stall(), of.idle(), of.silence(), of.pingTimeout());
    }

    /** Answers with what it gets, and now and then takes nothing. */
    private static final class Echo implements DownstreamHandler {

        private final DownstreamStream stream;
        private final Random random;
        private boolean reading = true;
        private boolean over;

        Echo(DownstreamStream stream, Random random) {
            this.stream = stream;
            this.random = random;
            stream.sendHead(ResponseHead.of(200), false);
        }

        void toggle() {
            if (over) return;
            reading = !reading;
            stream.setReading(reading);
        }

        void resume() {
            if (!over) stream.setReading(true);
        }

        @Override
        public void onBody(ByteBuf data) {
            stream.sendBody(data);
            if (!stream.isWritable() || random.nextInt(10) == 0) stream.setReading(reading = false);
        }

        @Override
        public void onEnd(Fields trailers) {
            over = true;
            stream.sendEnd(null);
        }

        @Override
        public void onWritable() {
            stream.setReading(reading = true);
        }

        @Override
        public void onFailure(Failure failure, boolean answerable) {
            over = true;
        }
    }

    /** Sends at random and reads at random. */
    private static final class Call implements UpstreamHandler {

        private final UpstreamStream stream;
        private final Random random;
        final ByteArrayOutputStream sent = new ByteArrayOutputStream();
        final ByteArrayOutputStream received = new ByteArrayOutputStream();
        private boolean requestEnded;
        boolean ended;
        private boolean failed;

        Call(Http2ClientConnection connection, Random random) {
            this.random = random;
            this.stream = connection.open(this);
            stream.sendHead(RequestHead.of("POST", "/", "h"), false);
        }

        int id() {
            return ((Http2ClientStream) stream).id();
        }

        void step() {
            if (failed || requestEnded) return;
            stream.setReading(random.nextBoolean());
            if (!stream.isWritable()) return;
            byte[] part = new byte[random.nextInt(20_000)];
            random.nextBytes(part);
            sent.writeBytes(part);
            stream.sendBody(Unpooled.wrappedBuffer(part));
            if (random.nextInt(30) == 0) end();
        }

        void end() {
            if (failed || requestEnded) return;
            requestEnded = true;
            stream.sendEnd(null);
        }

        void resume() {
            if (!failed) stream.setReading(true);
        }

        @Override
        public void onInformational(ResponseHead head) {}

        @Override
        public void onHead(ResponseHead head, boolean end) {
            ended = end;
        }

        @Override
        public void onBody(ByteBuf data) {
            received.writeBytes(ByteBufUtil.getBytes(data));
            data.release();
        }

        @Override
        public void onEnd(Fields trailers) {
            ended = true;
            requestEnded = true;
        }

        @Override
        public void onWritable() {}

        @Override
        public void onFailure(Failure failure, boolean unprocessed) {
            failed = true;
        }
    }

    private static final class Nobody implements ClientConnection.Owner {
        @Override
        public void onCapacity(ClientConnection connection) {}

        @Override
        public void onRetired(ClientConnection connection) {}
    }

    private final class Strict implements ServerConnection.Observer {
        @Override
        public void onRefused(Channel channel, Failure failure, String why) {
            broken.add(new AssertionError(why));
        }

        @Override
        public void onBug(Channel channel, Throwable bug) {
            broken.add(bug);
        }
    }
}
