package mesh.proxy.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import mesh.model.MeshSnapshot;
import mesh.model.SpiffeId;
import mesh.time.FakeClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LastGoodWriterTest {

    private static final LastGood.Owner OWNER = new LastGood.Owner("payments-1", SpiffeId.parse("spiffe://mesh.local/payments"));
    private static final Logger LOGGER = Logger.getLogger(LastGoodWriter.class.getName());

    /** Takes what it is given, unless it is full. */
    private static final class FakeDisk implements LastGoodWriter.Disk {

        private final List<Long> written = new ArrayList<>();
        private boolean full;
        private long holds;
        private int tries;

        @Override
        public void write(LastGood lastGood) throws IOException {
            tries++;
            if (full) {
                throw new IOException("No space left on device");
            }
            holds = lastGood.snapshot().version();
            written.add(holds);
        }

        @Override
        public void delete() {
            holds = 0;
        }
    }

    private final FakeClock clock = new FakeClock();
    private final FakeDisk disk = new FakeDisk();
    private final LastGoodWriter writer = new LastGoodWriter(disk, clock, clock.scheduler());
    private final List<String> lines = new ArrayList<>();
    private final Handler log = new Handler() {
        @Override
        public void publish(LogRecord entry) {
            lines.add(entry.getLevel() + " " + entry.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void listen() {
        LOGGER.addHandler(log);
    }

    @AfterEach
    void listenNoMore() {
        LOGGER.removeHandler(log);
    }

    @Test
    void writesTheFirstAtOnceAndOfABurstTheLast() {
        keep(1);
        clock.advance(Duration.ZERO);
        assertThat(disk.written).containsExactly(1L);

        for (int version = 2; version <= 1000; version++) {
            keep(version);
            clock.advance(Duration.ofNanos(10_000));
        }
        assertThat(disk.written).as("within the pause").containsExactly(1L);
        clock.advance(LastGoodWriter.PAUSE);
        assertThat(disk.written).containsExactly(1L, 1000L);
    }

    @Test
    void aStormThatDoesNotEndIsWrittenOnceAPause() {
        for (int version = 1; version <= 10_000; version++) {
            keep(version);
            clock.advance(Duration.ofMillis(1));
        }
        assertThat(disk.written).hasSizeBetween(99, 101);
        clock.advance(LastGoodWriter.PAUSE);
        assertThat(disk.holds).isEqualTo(10_000);
    }

    @Test
    void whatTheDiskDoesNotTakeIsToldOnceAndTriedWithTheNext() {
        keep(1);
        clock.advance(LastGoodWriter.PAUSE);
        disk.full = true;
        for (int version = 2; version <= 5; version++) {
            keep(version);
            clock.advance(LastGoodWriter.PAUSE);
        }
        assertThat(disk.tries).isEqualTo(5);
        assertThat(lines).singleElement().asString().startsWith("ERROR configuration not kept").contains("No space left on device");

        disk.full = false;
        keep(6);
        clock.advance(LastGoodWriter.PAUSE);
        assertThat(disk.holds).isEqualTo(6);
        assertThat(lines).hasSize(2).last().asString().isEqualTo("INFO configuration kept again: version 6");
        clock.advance(LastGoodWriter.RETRY.multipliedBy(2));
        assertThat(disk.written).as("nothing older comes late").containsExactly(1L, 6L);
        assertThat(clock.pendingTasks()).isZero();
    }

    @Test
    void whatTheDiskDoesNotTakeIsTriedAgainWithoutANextOne() {
        disk.full = true;
        keep(1);
        clock.advance(LastGoodWriter.RETRY.multipliedBy(3));
        assertThat(disk.tries).isEqualTo(4);
        disk.full = false;
        clock.advance(LastGoodWriter.RETRY);
        assertThat(disk.holds).isEqualTo(1);
        assertThat(lines).hasSize(2);
    }

    @Test
    void nothingOlderStaysWhereTheLastCouldNotBeWritten() {
        keep(1);
        clock.advance(LastGoodWriter.PAUSE);
        disk.full = true;
        keep(2);
        clock.advance(Duration.ZERO);
        assertThat(disk.holds).as("what was removed with 2 must not come back with 1").isZero();
    }

    @Test
    void whatWaitsIsWrittenBeforeItCloses() {
        LastGoodWriter real = new LastGoodWriter(disk, clock, Executors.newSingleThreadScheduledExecutor());
        real.keep(lastGood(1));
        real.keep(lastGood(2));
        real.keep(lastGood(3));
        real.close();
        assertThat(disk.holds).isEqualTo(3);
        real.keep(lastGood(4));
        assertThat(disk.holds).as("closed").isEqualTo(3);
        real.close();
    }

    private void keep(long version) {
        writer.keep(lastGood(version));
    }

    private static LastGood lastGood(long version) {
        return new LastGood(OWNER, Instant.EPOCH, MeshSnapshot.EMPTY.withVersion(version));
    }
}
