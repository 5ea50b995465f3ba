package mesh.proxy.tls;

import java.security.cert.CertificateException;

/** How a refusal travels through the TLS library to those who count and log it. */
final class PeerRejectedException extends CertificateException {

    private static final long serialVersionUID = 1;

    private final transient HandshakeFailure failure;

    PeerRejectedException(HandshakeFailure failure) {
        super(failure.detail());
        this.failure = failure;
    }

    HandshakeFailure failure() {
        return failure;
    }

    /** Strangers can cause these at will. */
    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
