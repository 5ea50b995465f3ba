package mesh.proxy.discovery;

import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;
import mesh.pki.Svid;

/**
 * When a certificate is renewed: an hour before its end, or when half of what is left of its life is over if that is shorter, and up to a
 * tenth of that time earlier, so that what started together does not renew together.
 */
record RenewalTime(Instant at) {

    /** How often it is looked at. */
    static final Duration STEP = Duration.ofSeconds(30);

    private static final Duration RENEW_BEFORE = Duration.ofHours(1);

    /** @param now not the certificate's beginning, which lies some time before it was issued */
    static RenewalTime of(Svid svid, Instant now, RandomGenerator random) {
        Instant end = svid.leaf().getNotAfter().toInstant();
        Duration half = Duration.between(now, end).dividedBy(2);
        Duration before = half.compareTo(RENEW_BEFORE) < 0 ? half : RENEW_BEFORE;
        long jitterMillis = random.nextLong(Math.max(0, before.toMillis()) / 10 + 1);
        return new RenewalTime(end.minus(before).minusMillis(jitterMillis));
    }

    /** Zero when it is time. */
    Duration left(Instant now) {
        Duration left = Duration.between(now, at);
        return left.isNegative() ? Duration.ZERO : left;
    }
}
