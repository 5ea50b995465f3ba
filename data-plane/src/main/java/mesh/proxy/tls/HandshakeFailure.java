package mesh.proxy.tls;

import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.util.Locale;
import java.util.Optional;
import mesh.pki.Verdict;
import mesh.pki.Verdict.Shown;

/**
 * Why a handshake failed.
 *
 * @param detail offending value, then the expected one
 * @param shown  what the peer's certificate claims; empty when none was looked at
 */
public record HandshakeFailure(Reason reason, String detail, Optional<Shown> shown) {

    /** A short word for each way, the {@code reason} of the metric. */
    public enum Reason {
        // What this side refuses.
        EXPIRED,
        NOT_YET_VALID,
        /** No authority that is trusted for the trust domain that the peer names. */
        UNKNOWN_CA,
        /** The peer's names are no identity, or not one of those expected or allowed. */
        SAN_MISMATCH,
        /** The client showed none. */
        NO_CLIENT_CERT,
        /** Bytes that are not TLS. */
        PLAINTEXT,
        /** The peer's certificate, or who signed it, breaks a rule of X509-SVID or RFC 5280. */
        BAD_CHAIN,
        /** Vouched for, and banned by the mesh's operator. */
        BANNED,
        /** No version or application protocol in common, or something that is no handshake of TLS. */
        PROTOCOL,

        // What is not refused and fails all the same.
        TIMEOUT,
        /** The peer went away. */
        CLOSED,
        /** The peer refused, with an alert. */
        REFUSED_BY_PEER;

        static Reason of(Verdict.Reason reason) {
            return switch (reason) {
                case NO_CERTIFICATE -> NO_CLIENT_CERT;
                case SAN_MISMATCH -> SAN_MISMATCH;
                case BAD_CHAIN -> BAD_CHAIN;
                case NOT_YET_VALID -> NOT_YET_VALID;
                case EXPIRED -> EXPIRED;
                case UNKNOWN_CA -> UNKNOWN_CA;
                case BANNED -> BANNED;
            };
        }

        /** Whether it was this side's decision. */
        boolean isRefusal() {
            return compareTo(TIMEOUT) < 0;
        }

        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What the cause of a failed handshake future means. */
    public static HandshakeFailure of(Throwable cause) {
        for (Throwable each = cause; each != null; each = each.getCause()) {
            if (each instanceof PeerRejectedException rejected) {
                return rejected.failure();
            }
            if (each instanceof SslHandshakeTimeoutException) {
                return of(Reason.TIMEOUT, "no handshake within 5s");
            }
            if (each instanceof NotSslRecordException) {
                return of(Reason.PLAINTEXT, "bytes that are not TLS (expected: a TLS 1.3 handshake)");
            }
            if (each instanceof ClosedChannelException) {
                return of(Reason.CLOSED, "connection closed in the handshake");
            }
        }
        String text = String.valueOf(cause.getMessage());
        return of(ofText(text), text);
    }

    static HandshakeFailure of(Reason reason, String detail) {
        return new HandshakeFailure(reason, detail, Optional.empty());
    }

    /** The library's own refusals have no types, only BoringSSL's or the JDK's words. */
    private static Reason ofText(String text) {
        String words = text.toUpperCase(Locale.ROOT).replace('_', ' ');
        if (words.contains("DID NOT RETURN A CERTIFICATE") || words.contains("EMPTY CLIENT CERTIFICATE CHAIN")) {
            return Reason.NO_CLIENT_CERT;
        }
        if (words.contains("ALERT")) {
            return Reason.REFUSED_BY_PEER;
        }
        return words.contains("CLOSED") || words.contains("CONNECTION RESET") ? Reason.CLOSED : Reason.PROTOCOL;
    }

    /** For the log. */
    @Override
    public String toString() {
        return "TLS " + reason.label() + ": " + detail;
    }
}
