package mesh.proxy.downstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import mesh.proxy.http.ServerConnection;
import mesh.proxy.telemetry.ProxyMetrics;
import mesh.proxy.tls.HandshakeFailure.Reason;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DismissalsTest {

    private static final class Codec extends ChannelInboundHandlerAdapter implements ServerConnection {

        private final List<String> told = new ArrayList<>();

        @Override
        public void drain() {
            told.add("drain");
        }

        @Override
        public void dismiss() {
            told.add("dismiss");
        }
    }

    private final FakeClock clock = new FakeClock();
    private final Dismissals dismissals = new Dismissals(new ProxyMetrics(1, clock), clock);
    private final Codec codec = new Codec();
    private final EmbeddedChannel http = new EmbeddedChannel(codec);

    @ParameterizedTest
    @CsvSource({"SAN_MISMATCH, dismiss", "PLAINTEXT, dismiss", "UNKNOWN_CA, drain"})
    void requestsInFlightGetAWhileAndNoMore(Reason reason, String told) {
        http.freezeTime();
        dismissals.dismiss(http, reason, "x (expected: y)");
        assertThat(codec.told).containsExactly(told);
        http.advanceTimeBy(Dismissals.IN_FLIGHT.toNanos() - 1, TimeUnit.NANOSECONDS);
        http.runScheduledPendingTasks();
        assertThat(http.isOpen()).isTrue();
        http.advanceTimeBy(1, TimeUnit.NANOSECONDS);
        http.runScheduledPendingTasks();
        assertThat(http.isOpen()).isFalse();
    }

    @Test
    void whoIsBannedGetsNothing() {
        dismissals.dismiss(http, Reason.BANNED, "x (expected: y)");
        assertThat(codec.told).isEmpty();
        assertThat(http.isOpen()).isFalse();
    }

    @Test
    void whatHasNoRequestsIsCut() {
        EmbeddedChannel tcp = new EmbeddedChannel(new ChannelInboundHandlerAdapter());
        dismissals.dismiss(tcp, Reason.SAN_MISMATCH, "x (expected: y)");
        assertThat(tcp.isOpen()).isFalse();
    }
}
