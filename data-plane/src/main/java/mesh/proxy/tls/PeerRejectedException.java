package mesh.proxy.tls;

import java.security.cert.CertificateException;

/** How the reason of a refusal travels through the TLS library to those who count and log it. */
final class PeerRejectedException extends CertificateException {

    private static final long serialVersionUID = 1;

    private final HandshakeFailure.Reason reason;

    PeerRejectedException(HandshakeFailure.Reason reason, String detail) {
        super(detail);
        this.reason = reason;
    }

    HandshakeFailure.Reason reason() {
        return reason;
    }

    /** Strangers can cause these at will. */
    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
