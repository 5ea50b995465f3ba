package mesh.proxy.discovery;

import io.smallrye.faulttolerance.api.TypedGuard;
import jakarta.enterprise.util.TypeLiteral;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** How an attempt that failed is made again. */
@FunctionalInterface
interface Reconnect {

    /** The longest pause before the second attempt; each further one doubles it up to {@link #LONGEST}. */
    Duration FIRST = Duration.ofMillis(500);
    Duration LONGEST = Duration.ofSeconds(15);

    /** Attempts until one completes normally, which begins anew with short pauses the next time. */
    CompletionStage<Void> untilGood(Supplier<CompletionStage<Void>> attempt);

    /** With SmallRye Fault Tolerance, without a limit of attempts or time. The first attempt needs a running container. */
    static Reconnect guarded(RandomGenerator random) {
        return new Guarded(random);
    }

    /** Makes its guard with the first attempt: sources are made before the container runs. Any thread. */
    final class Guarded implements Reconnect {

        private final RandomGenerator random;
        private TypedGuard<CompletionStage<Void>> guard;

        Guarded(RandomGenerator random) {
            this.random = random;
        }

        @Override
        public CompletionStage<Void> untilGood(Supplier<CompletionStage<Void>> attempt) {
            return guard().get(attempt);
        }

        private synchronized TypedGuard<CompletionStage<Void>> guard() {
            if (guard == null) {
                guard = TypedGuard.create(new TypeLiteral<CompletionStage<Void>>() {})
                    .withRetry()
                        .maxRetries(-1)
                        .maxDuration(0, ChronoUnit.SECONDS)
                        .delay(0, ChronoUnit.MILLIS)
                        .jitter(0, ChronoUnit.MILLIS)
                        .withCustomBackoff().strategy(() -> new FullJitter(random)::next).done()
                        .done()
                    .build();
            }
            return guard;
        }
    }

    /**
     * Pauses drawn evenly between nothing and a bound that doubles: a thousand sidecars that lost the same control plane do not come back
     * at the same moment.
     */
    final class FullJitter {

        private final RandomGenerator random;
        private long boundMillis = FIRST.toMillis();

        FullJitter(RandomGenerator random) {
            this.random = random;
        }

        long next(Throwable cause) {
            long pause = random.nextLong(boundMillis + 1);
            boundMillis = Math.min(2 * boundMillis, LONGEST.toMillis());
            return pause;
        }
    }
}
