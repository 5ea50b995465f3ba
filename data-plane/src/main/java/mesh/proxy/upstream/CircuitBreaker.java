package mesh.proxy.upstream;

import mesh.model.CircuitBreakerPolicy;
import mesh.time.Ticker;

/** STUB of the contract. Shared by all event loops; one immutable state behind one atomic reference. */
public final class CircuitBreaker {

    public enum State { CLOSED, OPEN, HALF_OPEN }

    /** Told at each change, with what caused it. */
    @FunctionalInterface
    public interface Observer {
        void onChange(State from, State to, int failures, int window);
    }

    public CircuitBreaker(CircuitBreakerPolicy policy, Ticker ticker, Observer observer) {}

    /** Whether a request would be let through now; asked by balancers, takes nothing. */
    public boolean usable() { throw new UnsupportedOperationException(); }

    /** A permit (a positive generation number) that is ended once by one of the three below, or 0 when refused. */
    public long tryAcquire() { throw new UnsupportedOperationException(); }

    public void succeeded(long permit) { throw new UnsupportedOperationException(); }

    public void failed(long permit) { throw new UnsupportedOperationException(); }

    /** The outcome says nothing about the upstream: cancelled, lost hedge. */
    public void ignored(long permit) { throw new UnsupportedOperationException(); }

    public State state() { throw new UnsupportedOperationException(); }
}
