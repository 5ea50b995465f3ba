package mesh.time;

import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;

/**
 * Time and chance, passed in. Roots such as {@code Sidecar} take all of it; any other class takes only the parts it uses.
 *
 * @param ticker  elapsed time: timeouts, latencies, breakers
 * @param clock   wall-clock time: certificates and logs
 * @param random  balancers and jitter; any thread may call it
 */
public record Env(Ticker ticker, InstantSource clock, RandomGenerator random) {

    /** Keys, tokens and trace ids. Any thread. */
    public static final SecureRandom SECURE_RANDOM = new SecureRandom();

    /** The real ones; the only place that names them. */
    public static Env system() {
        return new Env(System::nanoTime, InstantSource.system(), new SharedRandom());
    }

    /** {@link ThreadLocalRandom} behind one instance that any thread may call. */
    private static final class SharedRandom implements RandomGenerator {
        @Override
        public long nextLong() {
            return ThreadLocalRandom.current().nextLong();
        }
    }
}
