package mesh.proxy.tls;

import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.util.Locale;
import javax.net.ssl.SSLException;
import mesh.pki.Verdict;

/**
 * Why a handshake failed.
 *
 * @param detail offending value, then the expected one
 */
public record HandshakeFailure(Reason reason, String detail) {

    /** A short word for each way, the {@code reason} of the metric. */
    public enum Reason {
        /** The client showed none. */
        NO_CERTIFICATE,
        /** The peer's certificate breaks a rule of X509-SVID. */
        NOT_AN_SVID,
        TRUST_DOMAIN,
        NOT_YET_VALID,
        EXPIRED,
        UNTRUSTED,
        /** The peer is somebody, but not one of those expected or allowed. */
        IDENTITY,
        /** No version or application protocol in common. */
        PROTOCOL,
        NOT_TLS,
        TIMEOUT,
        /** The peer went away. */
        CLOSED,
        /** The peer refused, with an alert. */
        REFUSED_BY_PEER,
        OTHER;

        static Reason of(Verdict.Reason reason) {
            return switch (reason) {
                case NO_CERTIFICATE -> NO_CERTIFICATE;
                case NOT_AN_SVID -> NOT_AN_SVID;
                case TRUST_DOMAIN -> TRUST_DOMAIN;
                case NOT_YET_VALID -> NOT_YET_VALID;
                case EXPIRED -> EXPIRED;
                case UNTRUSTED -> UNTRUSTED;
                case IDENTITY -> IDENTITY;
            };
        }

        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What the cause of a failed handshake future means. */
    public static HandshakeFailure of(Throwable cause) {
        for (Throwable each = cause; each != null; each = each.getCause()) {
            if (each instanceof PeerRejectedException rejected) {
                return new HandshakeFailure(rejected.reason(), rejected.getMessage());
            }
            if (each instanceof SslHandshakeTimeoutException) {
                return new HandshakeFailure(Reason.TIMEOUT, "no handshake within 5s");
            }
            if (each instanceof NotSslRecordException) {
                return new HandshakeFailure(Reason.NOT_TLS, "bytes that are not TLS (expected: a TLS 1.3 handshake)");
            }
            if (each instanceof ClosedChannelException) {
                return new HandshakeFailure(Reason.CLOSED, "connection closed in the handshake");
            }
        }
        String text = String.valueOf(cause.getMessage());
        return cause instanceof SSLException
            ? new HandshakeFailure(ofText(text), text)
            : new HandshakeFailure(Reason.OTHER, cause.toString());
    }

    /** The library's own refusals have no types, only BoringSSL's or the JDK's words. */
    private static Reason ofText(String text) {
        String words = text.toUpperCase(Locale.ROOT).replace('_', ' ');
        if (words.contains("DID NOT RETURN A CERTIFICATE") || words.contains("EMPTY CLIENT CERTIFICATE CHAIN")) {
            return Reason.NO_CERTIFICATE;
        }
        if (words.contains("ALERT")) {
            return Reason.REFUSED_BY_PEER;
        }
        if (words.contains("CLOSED") || words.contains("CONNECTION RESET")) {
            return Reason.CLOSED;
        }
        if (words.contains("PROTOCOL") || words.contains("VERSION")) {
            return Reason.PROTOCOL;
        }
        return Reason.OTHER;
    }

    /** For the log. */
    @Override
    public String toString() {
        return "TLS " + reason.label() + ": " + detail;
    }
}
