package mesh.proxy.discovery;

import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;
import mesh.pki.Svid;

/**
 * When a certificate is renewed: an hour before its end, or at half of its life if that is shorter, and up to a tenth of that time earlier,
 * so that what started together does not renew together.
 */
record RenewalTime(Instant at) {

    /** How often it is looked at. */
    static final Duration STEP = Duration.ofSeconds(30);

    private static final Duration RENEW_BEFORE = Duration.ofHours(1);

    static RenewalTime of(Svid svid, RandomGenerator random) {
        Instant end = svid.leaf().getNotAfter().toInstant();
        Duration half = Duration.between(svid.leaf().getNotBefore().toInstant(), end).dividedBy(2);
        Duration before = half.compareTo(RENEW_BEFORE) < 0 ? half : RENEW_BEFORE;
        long jitterMillis = random.nextLong(before.toMillis() / 10 + 1);
        return new RenewalTime(end.minus(before).minusMillis(jitterMillis));
    }

    /** Zero when it is time. */
    Duration left(Instant now) {
        Duration left = Duration.between(now, at);
        return left.isNegative() ? Duration.ZERO : left;
    }
}
