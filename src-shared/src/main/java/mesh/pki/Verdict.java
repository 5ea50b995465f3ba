package mesh.pki;

import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import mesh.model.SpiffeId;
import mesh.model.TrustDomain;

/** What a certificate chain proves: an identity, for a time, or nothing, for a reason. */
public sealed interface Verdict {

    /**
     * It proves who shows it.
     *
     * @param notBefore the latest beginning among the certificates of the chain and its authority
     * @param notAfter  the earliest end among them: at that moment it proves nothing any more
     */
    record Accepted(SpiffeId id, Instant notBefore, Instant notAfter) implements Verdict {

        private Refused refused(Reason reason, String detail) {
            return new Refused(reason, detail, Optional.of(new Shown(id.toString(), notBefore, notAfter)));
        }
    }

    /**
     * @param detail offending value, then the expected one
     * @param shown  what the leaf claims; empty where there is none that could be read
     */
    record Refused(Reason reason, String detail, Optional<Shown> shown) implements Verdict {}

    /**
     * What a certificate that was refused says of itself. Nothing of it is proven.
     *
     * @param names its URI names, as they stand there
     */
    record Shown(String names, Instant notBefore, Instant notAfter) {}

    /** Why a chain proves nothing, in the order in which it is found out. */
    enum Reason {
        /** None was shown. */
        NO_CERTIFICATE,
        /** The leaf's names: not exactly one, not a workload's SPIFFE id, or not one of those expected. */
        SAN_MISMATCH,
        /** A rule of X509-SVID or of RFC 5280 is broken, by the leaf, by who signed it or by the authority itself. */
        BAD_CHAIN,
        NOT_YET_VALID,
        EXPIRED,
        /** No authority that is trusted for the leaf's trust domain stands at the end. */
        UNKNOWN_CA,
        /** Vouched for, and refused all the same: the trust domain's bundle says so. */
        BANNED
    }

    /**
     * The same, if the identity is one of those expected.
     *
     * @param expected empty for any of {@code own}; another trust domain's identities have to be named
     */
    default Verdict among(Set<SpiffeId> expected, TrustDomain own) {
        if (!(this instanceof Accepted accepted)) {
            return this;
        }
        return isAmong(accepted.id, expected, own) ? this : accepted.refused(Reason.SAN_MISMATCH, accepted.id + " (expected: " + words(expected, own) + ")");
    }

    /** Whether an identity is one of those expected, as {@link #among} has it. */
    static boolean isAmong(SpiffeId id, Set<SpiffeId> expected, TrustDomain own) {
        return expected.isEmpty() ? id.trustDomain().equals(own) : expected.contains(id);
    }

    /** Who was expected, for people. */
    static String words(Set<SpiffeId> expected, TrustDomain own) {
        return switch (expected.size()) {
            case 0 -> "any of " + own;
            case 1 -> expected.iterator().next().toString();
            default -> "one of " + expected.stream().sorted().toList();
        };
    }

    /** The same at another time: only that is looked at again, for nothing else about a chain changes. */
    default Verdict at(Instant now) {
        if (!(this instanceof Accepted accepted)) {
            return this;
        }
        if (now.isBefore(accepted.notBefore)) {
            return accepted.refused(Reason.NOT_YET_VALID, accepted.id + ": not good before " + accepted.notBefore);
        }
        return now.isBefore(accepted.notAfter) ? this : accepted.refused(Reason.EXPIRED, accepted.id + ": expired at " + accepted.notAfter);
    }
}
