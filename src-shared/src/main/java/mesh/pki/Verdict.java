package mesh.pki;

import java.time.Instant;
import java.util.Set;
import mesh.model.SpiffeId;

/** What a certificate chain proves: an identity, for a time, or nothing, for a reason. */
public sealed interface Verdict {

    /**
     * It proves who shows it.
     *
     * @param notBefore the latest beginning among the certificates of the chain and its authority
     * @param notAfter  the earliest end among them: at that moment it proves nothing any more
     */
    record Accepted(SpiffeId id, Instant notBefore, Instant notAfter) implements Verdict {}

    /** @param detail offending value, then the expected one */
    record Refused(Reason reason, String detail) implements Verdict {}

    /** Why a chain proves nothing, in the order in which it is found out. */
    enum Reason {
        /** None was shown. */
        NO_CERTIFICATE,
        /** The leaf breaks a rule of X509-SVID: its names, its key usage, a CA. */
        NOT_AN_SVID,
        /** Vouched for by others than the bundle's. */
        TRUST_DOMAIN,
        NOT_YET_VALID,
        EXPIRED,
        /** No authority of the bundle stands at its end. */
        UNTRUSTED,
        /** Proven, but not who was expected. */
        IDENTITY
    }

    /**
     * The same, if the identity is one of those expected.
     *
     * @param expected empty for any of the trust domain
     */
    default Verdict among(Set<SpiffeId> expected) {
        if (!(this instanceof Accepted accepted) || expected.isEmpty() || expected.contains(accepted.id)) {
            return this;
        }
        return new Refused(Reason.IDENTITY, accepted.id + " (expected: "
            + (expected.size() == 1 ? expected.iterator().next() : "one of " + expected.stream().sorted().toList()) + ")");
    }

    /** The same at another time: only that is looked at again, for nothing else about a chain changes. */
    default Verdict at(Instant now) {
        if (!(this instanceof Accepted accepted)) {
            return this;
        }
        if (now.isBefore(accepted.notBefore)) {
            return new Refused(Reason.NOT_YET_VALID, accepted.id + ": not good before " + accepted.notBefore);
        }
        return now.isBefore(accepted.notAfter) ? this : new Refused(Reason.EXPIRED, accepted.id + ": expired at " + accepted.notAfter);
    }
}
