package mesh.control.ports;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import mesh.control.ports.PeerInterceptor.ChainVerifier;
import mesh.model.TrustBundle;

/** What the TLS port makes of a client's certificate: the mesh's own rules and the bundle that is current, no host names. Any thread. */
public final class PeerTrust extends X509ExtendedTrustManager {

    private final Supplier<TrustBundle> bundle;
    private final ChainVerifier verifier;

    public PeerTrust(Supplier<TrustBundle> bundle, ChainVerifier verifier) {
        this.bundle = bundle;
        this.verifier = verifier;
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        try {
            verifier.verify(List.of(chain));
        } catch (IllegalArgumentException e) {
            throw new CertificateException(e.getMessage(), e);
        }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) throws CertificateException {
        checkClientTrusted(chain, authType);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) throws CertificateException {
        checkClientTrusted(chain, authType);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("this port is a server and trusts none");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) throws CertificateException {
        checkServerTrusted(chain, authType);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) throws CertificateException {
        checkServerTrusted(chain, authType);
    }

    /** Told to clients, so that they know which certificate to show. */
    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return bundle.get().authorities().toArray(X509Certificate[]::new);
    }
}
