package mesh.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.fuzz.ShortRun;
import mesh.proxy.http.DownstreamHandler;
import mesh.proxy.http.DownstreamStream;
import mesh.proxy.http.Fields;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.http.ServerConnection;
import mesh.proxy.loop.TimerWheel;
import mesh.proxy.outcome.Failure;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;

/** A whole connection, given what a client may send behind its preface: no bug of ours, answers that are frames, and nothing left at the end. */
class Http2ServerConnectionFuzzTest {

    private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    @Test
    void anyFramesAreAnsweredOrRefused() {
        ShortRun.of(Http2ServerConnectionFuzzTest.class, 2_500, Http2ServerConnectionFuzzTest::fuzzerTestOneInput);
    }

    public static void fuzzerTestOneInput(byte[] input) {
        FakeClock clock = new FakeClock();
        TimerWheel timers = new TimerWheel(clock.scheduler(), clock);
        AtomicInteger open = new AtomicInteger();
        Watching watching = new Watching();
        EmbeddedChannel channel = new EmbeddedChannel(
            new Http2ServerConnection((stream, end) -> new Answering(stream, end, open), Http2Limits.SERVER, timers, watching));
        ByteBuf in = Unpooled.wrappedBuffer(PREFACE.clone(), input);
        channel.writeInbound(in);
        channel.runPendingTasks();
        assertThat(open.get()).as("requests at once").isLessThanOrEqualTo(Http2Limits.SERVER.streams());
        RecordingSink answers = new RecordingSink();
        ByteBuf all = Unpooled.buffer();
        for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
            all.writeBytes(part);
            part.release();
        }
        new FrameReader(answers, Http2Limits.CLIENT).read(all);
        assertThat(answers.seen).as("answers").noneMatch(frame -> frame.startsWith("error"));
        assertThat(all.isReadable()).as("half a frame: " + ByteBufUtil.hexDump(all)).isFalse();
        channel.finishAndReleaseAll();
        assertThat(watching.bug).isNull();
        assertThat(open.get()).as("requests that nobody ended").isZero();
        assertThat(in.refCnt()).as("what was read").isZero();
        assertThat(timers.count()).as("timers left").isZero();
    }

    /** Answers each request once it is complete. */
    private static final class Answering implements DownstreamHandler {

        private final DownstreamStream stream;
        private final AtomicInteger open;
        private boolean ended;

        Answering(DownstreamStream stream, boolean end, AtomicInteger open) {
            this.stream = stream;
            this.open = open;
            open.incrementAndGet();
            // Later, as upstreams answer: the connection is not done with the head.
            if (end) stream.channel().eventLoop().execute(this::answer);
        }

        private void answer() {
            if (ended) return;
            ended = true;
            open.decrementAndGet();
            stream.sendHead(ResponseHead.of(200), false);
            stream.sendBody(Unpooled.copiedBuffer(stream.head().toString(), StandardCharsets.ISO_8859_1));
            stream.sendEnd(null);
        }

        @Override
        public void onBody(ByteBuf data) {
            data.release();
        }

        @Override
        public void onEnd(Fields trailers) {
            stream.channel().eventLoop().execute(this::answer);
        }

        @Override
        public void onWritable() {}

        @Override
        public void onFailure(Failure failure, boolean answerable) {
            if (ended) return;
            ended = true;
            open.decrementAndGet();
            if (answerable) stream.abort(failure);
        }
    }

    private static final class Watching implements ServerConnection.Observer {

        Throwable bug;

        @Override
        public void onRefused(Channel client, Failure failure, String why) {}

        @Override
        public void onBug(Channel client, Throwable thrown) {
            bug = thrown;
        }
    }
}
