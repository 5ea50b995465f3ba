package mesh.proxy.tls;

import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslCertificateException;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.ResumableX509ExtendedTrustManager;
import io.netty.internal.tcnative.CertificateVerifier;
import io.netty.internal.tcnative.SSL;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import mesh.pki.Verdict;
import mesh.pki.Verdict.Refused;

/**
 * What a handshake makes of the other side: a chain that proves an identity by the rules of SPIFFE, an identity that is expected, and a
 * protocol agreed on. Host names mean nothing here. A resumed session is asked the same questions again.
 */
final class SvidTrustManager extends X509ExtendedTrustManager implements ResumableX509ExtendedTrustManager {

    private final VerifiedChains chains;
    private final Acceptance acceptance;

    SvidTrustManager(VerifiedChains chains, Acceptance acceptance) {
        this.chains = chains;
        this.acceptance = acceptance;
    }

    private void check(X509Certificate[] chain, SSLEngine engine) throws CertificateException {
        Verdict verdict = chains.check(chain).among(acceptance.expected(), chains.trust().own().trustDomain());
        if (verdict instanceof Refused refused) {
            HandshakeFailure failure = new HandshakeFailure(HandshakeFailure.Reason.of(refused.reason()), refused.detail(), refused.shown());
            throw rejected(failure, CertificateVerifier.X509_V_ERR_CERT_REJECTED);
        }
        String protocol = protocol(engine);
        if (protocol == null || protocol.isEmpty()) {
            throw rejected(HandshakeFailure.of(HandshakeFailure.Reason.PROTOCOL, "no protocol in common (expected: ALPN h2, http/1.1 or mesh)"),
                CertificateVerifier.X509_V_ERR_APPLICATION_VERIFICATION);
        }
    }

    /**
     * A stranger gets one alert whatever is wrong, bad_certificate by the native engine and certificate_unknown by the JDK's: why is for the log
     * of this side. Only who is let in otherwise is told that a protocol is missing.
     */
    private static CertificateException rejected(HandshakeFailure failure, int code) {
        PeerRejectedException why = new PeerRejectedException(failure);
        return OpenSsl.isAvailable() ? new OpenSslCertificateException(failure.detail(), why, code) : why;
    }

    private static String protocol(SSLEngine engine) {
        if (engine instanceof ReferenceCountedOpenSslEngine openSsl) {
            // Asked of the library itself: its engine tells it only after the handshake, when a request may be there already.
            return SSL.getAlpnSelected(openSsl.sslPointer());
        }
        // The JDK's engine tells it in one way during a handshake and in another after it, which is when a resumption is looked at.
        String during = engine.getHandshakeApplicationProtocol();
        return during == null ? engine.getApplicationProtocol() : during;
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) throws CertificateException {
        check(chain, engine);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) throws CertificateException {
        check(chain, engine);
    }

    @Override
    public void resumeClientTrusted(X509Certificate[] chain, SSLEngine engine) throws CertificateException {
        check(chain, engine);
    }

    @Override
    public void resumeServerTrusted(X509Certificate[] chain, SSLEngine engine) throws CertificateException {
        check(chain, engine);
    }

    /** None are named to clients: one that has nothing of theirs would show nothing, and nobody would know whom to tell what is wrong. */
    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw withoutEngine();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw withoutEngine();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) throws CertificateException {
        throw withoutEngine();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) throws CertificateException {
        throw withoutEngine();
    }

    private static CertificateException withoutEngine() {
        return new CertificateException("a check without an engine (expected: one of Netty's)");
    }
}
