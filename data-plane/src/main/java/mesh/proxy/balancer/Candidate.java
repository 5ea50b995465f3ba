package mesh.proxy.balancer;

/** What a balancer chooses among. Asked on every pick, from every event loop: no lock, no allocation. */
public interface Candidate {

    /** What tells it from the others, and is the same everywhere and after a restart; its address. Not asked on a pick. */
    String name();

    /** What it is: two candidates with the same one are the same to a request, however a balancer weighs them. */
    default Object identity() {
        return this;
    }

    /** At least 1; does not change. */
    int weight();

    /** Requests, or for TCP connections, that it is serving now. */
    int inFlight();

    /** How long it takes to answer, in nanoseconds, failures made to cost; 0 while that is not known, or not asked for. */
    default double latency() {
        return 0;
    }

    /** Whether it may be chosen now: its breaker is not open and it is not known to be unhealthy. */
    boolean usable();
}
