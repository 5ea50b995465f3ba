package mesh.proxy.tracing;

import java.util.List;

/** Who takes spans. One thread. */
interface Collector extends AutoCloseable {

    /** What became of a batch. */
    enum Outcome {
        TAKEN,
        /** It may be taken later. */
        UNAVAILABLE,
        /** It never will. */
        REFUSED
    }

    /**
     * The answer to a batch.
     *
     * @param rejected spans of a batch that was taken which were not
     * @param why      for the log; may be empty
     */
    record Answer(Outcome outcome, long rejected, String why) {}

    /** Sends a batch and waits for the answer, at most ten seconds. */
    Answer send(List<RequestTrace> batch);

    /** Ends what is being sent. Any thread. */
    @Override
    void close();
}
