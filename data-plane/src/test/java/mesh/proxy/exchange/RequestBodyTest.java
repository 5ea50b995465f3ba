package mesh.proxy.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import mesh.proxy.http.Fields;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.UpstreamStream;
import mesh.proxy.outcome.Failure;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RequestBodyTest {

    private final RequestBody body = new RequestBody();
    private final List<ByteBuf> parts = new ArrayList<>();
    private final Upstream first = new Upstream();
    private final Upstream second = new Upstream();

    @AfterEach
    void releasesEveryPart() {
        body.forget();
        assertThat(parts).allSatisfy(part -> assertThat(part.refCnt()).isZero());
    }

    @Test
    void waitsForAnUpstreamAndIsSentToEachAnew() {
        body.add(part("a"), null);
        body.sendTo(first);
        body.add(part("b"), first);
        body.end(null, first);
        body.sendTo(second);
        assertThat(first.got).hasToString("ab.");
        assertThat(second.got).hasToString("ab.");
        assertThat(body.isReplayable()).isTrue();
    }

    @Test
    void isSentOnceWhenItIsLong() {
        body.sendTo(first);
        for (int i = 0; i < 3; i++) body.add(part("x".repeat(30_000)), first);
        body.end(null, first);
        assertThat(first.got).hasSize(90_001);
        assertThat(body.isReplayable()).isFalse();
    }

    @Test
    void fillsUpWhileThereIsNoUpstreamAndIsThenSentOnce() {
        for (int i = 0; i < 2; i++) body.add(part("x".repeat(30_000)), null);
        assertThat(body.isFull()).isFalse();
        body.add(part("x".repeat(30_000)), null);
        assertThat(body.isFull()).isTrue();
        body.sendTo(first);
        assertThat(first.got).hasSize(90_000);
        assertThat(body.isReplayable()).isFalse();
    }

    /** What a body costs to keep is not its bytes alone: in chunks of one byte it would be a hundred times as much. */
    @Test
    void isSentOnceWhenItsPartsAreMany() {
        body.sendTo(first);
        for (int i = 0; i < 200; i++) body.add(part("x"), first);
        assertThat(body.isReplayable()).isTrue();
        for (int i = 0; i < 100; i++) body.add(part("x"), first);
        assertThat(body.isReplayable()).isFalse();
        assertThat(first.got).hasSize(300);
    }

    /** An upstream whose buffer is emptied by a part resumes the client, whose next part comes in while others wait. */
    @Test
    void keepsItsOrderThoughPartsComeWhileItIsSent() {
        for (int i = 0; i < 3; i++) body.add(part(i + "x".repeat(30_000)), null);
        first.onBody = () -> {
            first.onBody = () -> {};
            body.add(part("3"), first);
            body.end(null, first);
        };
        body.sendTo(first);
        assertThat(first.got.toString().replace("x", "")).isEqualTo("0123.");
    }

    @Test
    void isSentFromItsBeginningToAnUpstreamThatTakesOverInTheMiddle() {
        for (String text : List.of("a", "b", "c")) body.add(part(text), null);
        body.end(null, null);
        first.onBody = () -> {
            first.onBody = () -> {};
            body.sendTo(second);
        };
        body.sendTo(first);
        assertThat(first.got).hasToString("a");
        assertThat(second.got).hasToString("abc.");
    }

    private ByteBuf part(String text) {
        ByteBuf part = Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
        parts.add(part);
        return part;
    }

    /** Notes what it gets, its end as a full stop. */
    private static final class Upstream implements UpstreamStream {

        private final StringBuilder got = new StringBuilder();
        private Runnable onBody = () -> {};

        @Override
        public void sendHead(RequestHead head, boolean end) {}

        @Override
        public void sendBody(ByteBuf data) {
            got.append(data.toString(StandardCharsets.US_ASCII));
            data.release();
            onBody.run();
        }

        @Override
        public void sendEnd(Fields trailers) {
            got.append('.');
        }

        @Override
        public void flush() {}

        @Override
        public void cancel(Failure why) {}

        @Override
        public boolean isWritable() {
            return true;
        }

        @Override
        public void setReading(boolean reading) {}

        @Override
        public Channel takeOver() {
            throw new IllegalStateException();
        }
    }
}
