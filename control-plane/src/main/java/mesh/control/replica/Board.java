package mesh.control.replica;

import java.io.Closeable;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What the replicas of a control plane tell each other: each says something of its own, which stands until it says something else there, or is
 * gone. Nothing is kept. Words here: a <em>topic</em> is what it is about, a <em>name</em> is one of the things that a replica says of a topic.
 *
 * <p>Any thread. Nothing here blocks or fails: what cannot be told now is told as soon as it can be, and then as it is by then.
 */
public interface Board extends Closeable {

    /** Who hears of a topic. One call at a time, which returns at once and says nothing on the board's behalf that it would have to wait for. */
    interface Listener {

        /** @param what empty when it is no longer said */
        void said(String replica, String name, byte[] what);

        /** All that it said does not stand any more, and no single thing is told to be so. It may yet come back, and says everything anew. */
        void gone(String replica);
    }

    /** Of this replica; "" where there is only one. */
    String name();

    /** The other replicas that are there, sorted. */
    List<String> others();

    /** Why what is known of the others may be old; empty when it is not. */
    Optional<String> silence();

    /**
     * Says something. Of many changes within a fraction of a second the others are told the last.
     *
     * @param topic letters and dashes, here and below
     * @param name  printable ASCII without a slash
     * @param what  asked when it is told, on a thread of the board's own; at most 1 MiB; empty to say nothing any more
     */
    void say(String topic, String name, Supplier<byte[]> what);

    /** Hears what others say of a topic: first, before this returns, what stands now. */
    void hear(String topic, Listener listener);

    @Override
    default void close() {}

    /** For the only one. */
    Board ALONE = new Board() {

        @Override
        public String name() {
            return "";
        }

        @Override
        public List<String> others() {
            return List.of();
        }

        @Override
        public Optional<String> silence() {
            return Optional.empty();
        }

        @Override
        public void say(String topic, String name, Supplier<byte[]> what) {}

        @Override
        public void hear(String topic, Listener listener) {}
    };
}
