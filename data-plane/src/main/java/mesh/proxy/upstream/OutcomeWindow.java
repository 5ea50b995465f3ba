package mesh.proxy.upstream;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The last {@code size} outcomes, a bit each, shared by all event loops. A shift register behind one atomic value: each outcome is one
 * compare-and-set, and the count it returns is the count at that moment, whoever else was counting. A leading one marks how far the
 * register is filled. A full window without failures does not change, so a healthy upstream costs a read and no write.
 */
sealed interface OutcomeWindow {

    int NOT_FULL = -1;

    static OutcomeWindow of(int size) {
        return size <= Small.MAX_SIZE ? new Small(size) : new Large(size);
    }

    /** What is in it now. */
    Counts counts();

    /** @param recorded at most the window's size */
    record Counts(int failures, int recorded) {}

    /** Takes in one outcome; the failures among the last {@code size}, or {@link #NOT_FULL}. */
    int record(boolean failed);

    /** The outcomes and the mark fit one positive long. */
    final class Small implements OutcomeWindow {

        static final int MAX_SIZE = Long.SIZE - 2;

        private final long mark;
        private final AtomicLong register = new AtomicLong(1);

        private Small(int size) {
            mark = 1L << size;
        }

        @Override
        public int record(boolean failed) {
            while (true) {
                long before = register.get();
                long shifted = before << 1 | (failed ? 1 : 0);
                // The mark stops at its last place; the oldest outcome is shifted over it and falls off.
                long after = before >= mark ? shifted & mark - 1 | mark : shifted;
                if (after == before || register.compareAndSet(before, after)) {
                    return after >= mark ? Long.bitCount(after) - 1 : NOT_FULL;
                }
            }
        }

        @Override
        public Counts counts() {
            long now = register.get();
            return new Counts(Long.bitCount(now) - 1, Long.SIZE - 1 - Long.numberOfLeadingZeros(now));
        }
    }

    /** More of them: a new array for each outcome, but for those that change nothing. */
    final class Large implements OutcomeWindow {

        /**
         * @param bits     a ring of {@code size} outcomes
         * @param next     the place of the next one; of the oldest once the ring is full
         * @param recorded at most {@code size}
         */
        private record Ring(long[] bits, int next, int recorded, int failures) {}

        private final int size;
        private final AtomicReference<Ring> ring;

        private Large(int size) {
            this.size = size;
            this.ring = new AtomicReference<>(new Ring(new long[(size + Long.SIZE - 1) / Long.SIZE], 0, 0, 0));
        }

        @Override
        public int record(boolean failed) {
            while (true) {
                Ring before = ring.get();
                boolean unchanged = !failed && before.failures == 0 && before.recorded == size;
                Ring after = unchanged ? before : next(before, failed);
                if (unchanged || ring.compareAndSet(before, after)) {
                    return after.recorded == size ? after.failures : NOT_FULL;
                }
            }
        }

        @Override
        public Counts counts() {
            Ring now = ring.get();
            return new Counts(now.failures, now.recorded);
        }

        private Ring next(Ring before, boolean failed) {
            int word = before.next / Long.SIZE;
            long bit = 1L << before.next % Long.SIZE;
            boolean forgotten = (before.bits[word] & bit) != 0;
            long[] bits = before.bits;
            if (forgotten != failed) {
                bits = bits.clone();
                bits[word] ^= bit;
            }
            int failures = before.failures + (failed ? 1 : 0) - (forgotten ? 1 : 0);
            return new Ring(bits, (before.next + 1) % size, Math.min(size, before.recorded + 1), failures);
        }
    }
}
