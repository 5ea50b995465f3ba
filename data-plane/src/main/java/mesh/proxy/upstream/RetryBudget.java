package mesh.proxy.upstream;

import java.time.Duration;
import mesh.time.Ticker;

/** STUB of the contract. Shared by all event loops. */
public final class RetryBudget {

    public RetryBudget(double ratio, int minPerSecond, Duration ttl, Ticker ticker) {}

    public void deposit() { throw new UnsupportedOperationException(); }

    public boolean tryWithdraw() { throw new UnsupportedOperationException(); }

    public double balance() { throw new UnsupportedOperationException(); }
}
