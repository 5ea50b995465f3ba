package mesh.proxy.http1;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OutboxTest {

    private final EmbeddedChannel channel = new EmbeddedChannel(new ChannelInboundHandlerAdapter());
    private final ChannelHandlerContext ctx = channel.pipeline().firstContext();
    private final Outbox outbox = new Outbox();

    @AfterEach
    void end() {
        outbox.drop();
        channel.finishAndReleaseAll();
    }

    @Test
    void aBodyForWhichTheHeadHasRoomGoesOutInItsBuffer() {
        outbox.begin(ctx, head("head ", 6));
        ByteBuf body = bytes("body");
        outbox.add(ctx, body);
        outbox.add(ctx, bytes("$$"));

        assertThat(sent()).isEmpty();
        assertThat(body.refCnt()).isZero();
        outbox.empty(ctx);
        assertThat(sent()).containsExactly("head body$$");
    }

    @Test
    void whatIsLargerIsNotCopiedAndNothingChangesPlaces() {
        outbox.begin(ctx, head("head ", 3));
        outbox.add(ctx, bytes("body"));
        outbox.add(ctx, bytes("$"));
        outbox.begin(ctx, head("next ", 4));
        outbox.begin(ctx, head("last", 0));
        outbox.empty(ctx);

        assertThat(sent()).containsExactly("head ", "body", "$", "next ", "last");
    }

    @Test
    void whatWaitsWhenTheConnectionEndsIsReleased() {
        ByteBuf head = head("head", 4);
        outbox.begin(ctx, head);
        outbox.drop();

        assertThat(head.refCnt()).isZero();
        outbox.empty(ctx);
        assertThat(sent()).isEmpty();
    }

    private List<String> sent() {
        channel.flushOutbound();
        List<String> sent = new ArrayList<>();
        for (ByteBuf each = channel.readOutbound(); each != null; each = channel.readOutbound()) {
            sent.add(each.toString(StandardCharsets.US_ASCII));
            each.release();
        }
        return sent;
    }

    private static ByteBuf head(String text, int room) {
        return Unpooled.buffer(text.length() + room).writeBytes(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
    }
}
