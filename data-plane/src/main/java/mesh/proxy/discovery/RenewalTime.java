package mesh.proxy.discovery;

import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;
import mesh.model.TrustBundle;
import mesh.pki.Svid;
import mesh.pki.SvidVerifier;
import mesh.pki.Verdict;

/**
 * When a certificate is renewed: an hour before its end, or when half of what is left of its life is over if that is shorter, and up to a
 * tenth of that time earlier, so that what started together does not renew together. Within ten seconds when the root is rotated.
 */
record RenewalTime(Instant at) {

    /** How often it is looked at. */
    static final Duration STEP = Duration.ofSeconds(30);

    private static final Duration RENEW_BEFORE = Duration.ofHours(1);
    /** Over which the sidecars of a mesh spread when its root is rotated. */
    private static final Duration SOON = Duration.ofSeconds(10);

    /** As below; soon, if another root than the certificate's vouches for what is issued now. */
    static RenewalTime of(Svid svid, TrustBundle bundle, Instant now, RandomGenerator random) {
        TrustBundle issuing = new TrustBundle(bundle.trustDomain(), bundle.authorities().subList(0, 1));
        RenewalTime normal = of(svid, now, random);
        if (bundle.authorities().size() == 1 || SvidVerifier.check(svid.chain(), issuing, now) instanceof Verdict.Accepted) {
            return normal;
        }
        Instant soon = now.plusMillis(random.nextLong(SOON.toMillis() + 1));
        return soon.isBefore(normal.at) ? new RenewalTime(soon) : normal;
    }

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
