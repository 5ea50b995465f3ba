package mesh.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.model.AccessLogPolicy.Format;
import mesh.time.FakeClock;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccessLogFileTest {

    private static final Duration LOOK = Duration.ofSeconds(1);

    @TempDir
    private Path directory;
    private final FakeClock clock = new FakeClock();
    private final AtomicInteger dropped = new AtomicInteger();

    @Test
    void followsARenameAndARemoval() throws Exception {
        Path path = directory.resolve("access.log");
        try (AccessLogFile log = open(LogTargets.of(path.toString()))) {
            offer(log, "/one");
            awaitLine(path, "/one");
            Files.move(path, directory.resolve("access.log.1"));
            clock.advance(LOOK);
            offer(log, "/two");
            awaitLine(path, "/two");
            Files.delete(path);
            clock.advance(LOOK);
            offer(log, "/three");
            awaitLine(path, "/three");
        }
        assertThat(directory.resolve("access.log.1")).content().contains("/one").doesNotContain("/two");
        assertThat(dropped).hasValue(0);
    }

    @Test
    void opensAnewAtOnceWhenItIsTold() throws Exception {
        Path path = directory.resolve("access.log");
        try (AccessLogFile log = open(LogTargets.of(path.toString()))) {
            Files.move(path, directory.resolve("old"));
            log.reopen();
            offer(log, "/new");
            awaitLine(path, "/new");
        }
    }

    @Test
    void whatASlowReaderLeavesBeyondTheLimitIsDroppedAndCounted() throws Exception {
        CountDownLatch stuck = new CountDownLatch(1);
        AtomicInteger written = new AtomicInteger();
        AccessLogFile log = open(() -> new OutputStream() {
            @Override
            public void write(int b) {}

            @Override
            public void write(byte[] lines) throws IOException {
                try {
                    if (!stuck.await(20, TimeUnit.SECONDS)) throw new IOException("nobody reads");
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
                for (byte b : lines) if (b == '\n') written.incrementAndGet();
            }
        });
        String path = "/" + "x".repeat(100_000);
        int each = AccessLineTest.full(Format.TEXT, path).sizeBytes();
        int all = 200;
        for (int i = 0; i < all; i++) offer(log, path);
        int most = (int) (AccessLogFile.MOST_BYTES / each);
        assertThat(dropped).hasValue(all - most);
        stuck.countDown();
        Awaitility.await().untilAsserted(() -> assertThat(written).hasValue(most));
        offer(log, "/after");
        log.close();
        assertThat(written).hasValue(most + 1);
    }

    @Test
    void aFullDiskLosesLinesAndIsTriedAgainAfterASecond() throws Exception {
        AtomicBoolean full = new AtomicBoolean(true);
        AtomicInteger written = new AtomicInteger();
        try (AccessLogFile log = open(() -> new OutputStream() {
            @Override
            public void write(int b) {}

            @Override
            public void write(byte[] lines) throws IOException {
                if (full.get()) throw new IOException("no space left on device");
                written.incrementAndGet();
            }
        })) {
            offer(log, "/lost");
            Awaitility.await().untilAsserted(() -> assertThat(dropped).hasValue(1));
            full.set(false);
            offer(log, "/too early");
            Awaitility.await().untilAsserted(() -> assertThat(dropped).hasValue(2));
            clock.advance(LOOK);
            offer(log, "/good");
            Awaitility.await().untilAsserted(() -> assertThat(written).hasValue(1));
        }
    }

    private AccessLogFile open(AccessLogFile.Target target) throws IOException {
        return new AccessLogFile("test", target, clock, dropped::addAndGet);
    }

    private static void offer(AccessLogFile log, String path) {
        log.offer(AccessLineTest.full(Format.TEXT, path));
    }

    private static void awaitLine(Path path, String text) {
        Awaitility.await().untilAsserted(() -> assertThat(path).content().contains("GET " + text + " "));
    }
}
