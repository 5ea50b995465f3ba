package mesh.control.journal;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * A log of records that is all the state there is of one thing: whoever has taken every record, in order, knows what the others know. One
 * process may add to it, or several at once; then each addition is made from what is last, or refused.
 *
 * <p>One thread at a time, but for {@link #onNews}.
 */
public interface RecordLog extends Closeable {

    /** What is decided on everything that is in a log. */
    @FunctionalInterface
    interface Decision<T> {
        /** @throws OvertakenException when there is more in it by now */
        T make() throws IOException;
    }

    /** What a record means to whoever takes it. */
    @FunctionalInterface
    interface Taker {
        void take(byte[] record) throws IOException;
    }

    /** An addition that others are faster than all this time is given up. Each time somebody's is made, so it takes a crowd. */
    Duration PATIENCE = Duration.ofSeconds(10);

    /**
     * What is in it and was not taken or appended here yet, oldest first; at the first call, all there is.
     *
     * @throws IOException when it cannot be read; nothing counts as taken then
     */
    List<byte[]> takeNew() throws IOException;

    /**
     * Adds a record after the last one that was taken or appended here, durable on return.
     *
     * @throws OvertakenException when somebody else has added one meanwhile: nothing was added, and there is something to take
     * @throws IOException        when it could not be made durable
     */
    void append(byte[] record) throws IOException;

    /**
     * Takes what is new, decides, and does both again whenever somebody else was faster with a record.
     *
     * @throws IOException when the log cannot be read or written, or others were faster for too long
     */
    default <T> T decide(Taker taker, Decision<T> decision) throws IOException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            for (byte[] record : takeNew()) {
                taker.take(record);
            }
            try {
                return decision.make();
            } catch (OvertakenException e) {
                if (System.nanoTime() - end > 0) {
                    throw new IOException(e.getMessage() + ", again and again", e);
                }
            }
        }
    }

    /** All that is in it, taken or not; changes nothing. */
    List<byte[]> readAll() throws IOException;

    /** Puts these into it, which is empty. */
    default void fill(List<byte[]> records) throws IOException {
        for (byte[] record : records) {
            append(record);
        }
    }

    /** Forgets all but its newest records, which are these. After a failure the others are still there. */
    void keepOnly(List<byte[]> newest) throws IOException;

    /** Bytes of the records in it, as far as they are known here. */
    long length();

    /** Has somebody told, on a thread of the log's own, whenever there may be something to take. */
    void onNews(Runnable told);

    /** Where it is, for messages to people. */
    String describe();
}
