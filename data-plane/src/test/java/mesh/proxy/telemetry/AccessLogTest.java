package mesh.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import mesh.proxy.outcome.Failure;
import mesh.time.FakeClock;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class AccessLogTest {

    private final FakeClock clock = new FakeClock();
    private final ProxyMetrics metrics = new ProxyMetrics(1, clock);
    private final AccessLog log = new AccessLog(clock, metrics);

    @Test
    void writesALineARequestBeforeItCloses() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        log.open(out);
        log.write(entry("/pay?a=1", null));
        log.write(entry("/x", Failure.OVERFLOW));
        Awaitility.await().until(() -> out.toString(StandardCharsets.UTF_8).lines().count() == 2);
        log.close();

        assertThat(out.toString(StandardCharsets.UTF_8).lines()).containsExactly(
            "[2025-12-31T23:59:59.988Z] \"GET /pay?a=1 HTTP/1.1\" 200 - 3 128 12 payments \"127.0.0.1:9001\" \"pay\" \"-\" \"-\"",
            "[2025-12-31T23:59:59.988Z] \"GET /x HTTP/1.1\" 200 UO 3 128 12 payments \"127.0.0.1:9001\" \"pay\" \"-\" \"-\"");
    }

    @Test
    void letsNoClientForgeALine() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        log.open(out);
        log.write(entry("/\" 200\r\n[forged]\\", null));
        Awaitility.await().until(() -> out.size() > 0);
        log.close();

        assertThat(out.toString(StandardCharsets.UTF_8)).contains("\"GET /\\\" 200\\x0d\\x0a[forged]\\\\ HTTP/1.1\"").containsOnlyOnce("\n");
    }

    @Test
    void dropsAndCountsWhatCannotBeWrittenInTime() throws Exception {
        CountDownLatch stuck = new CountDownLatch(1);
        log.open(new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                try {
                    stuck.await(20, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            }
        });
        for (int i = 0; i < 20_000; i++) log.write(entry("/", null));
        stuck.countDown();

        assertThat(metrics.counters(Metric.ACCESS_LOG_DROPPED).values().iterator().next().sum()).isBetween(1L, 20_000L - 16 * 1024);
        log.close();
    }

    @Test
    void switchesItselfOffWhenItsStreamBreaks() {
        log.open(new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("no space left on device");
            }
        });
        assertThat(log.isOn()).isTrue();
        log.write(entry("/", null));
        Awaitility.await().until(() -> !log.isOn());
    }

    private static AccessLog.Entry entry(String target, Failure failure) {
        return new AccessLog.Entry("GET", target, "pay", 200, failure, false, 3, 128, TimeUnit.MILLISECONDS.toNanos(12), "payments", "127.0.0.1:9001", null, null);
    }
}
