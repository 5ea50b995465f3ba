package mesh.proxy.upstream;

/** How one endpoint is asked whether it is well, on connections that belong to nobody's requests. On one loop only. */
public interface HealthProbe {

    /** What asking has come to; the words of the metric are Envoy's. */
    enum Answer {
        /** It is well. */
        SUCCESS,
        /** It says that it is not. */
        FAILURE,
        /** It says nothing that can be understood, or nothing at all. */
        NETWORK_FAILURE
    }

    /** Told once of each asking, unless that is given up. */
    @FunctionalInterface
    interface Outcome {

        /** @param why for people */
        void onAnswer(Answer answer, String why);
    }

    /** Asks once; the outcome may be told before this returns. Not before the one before has been told or given up. */
    void ask(Outcome outcome);

    /** Gives up what is under way and whatever was kept for the next time. */
    void close();
}
