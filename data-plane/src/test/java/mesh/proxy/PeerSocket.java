package mesh.proxy;

import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import mesh.model.Address;
import mesh.model.TrustBundle;
import mesh.pki.Svid;

/** A peer of the mesh that is no sidecar: the JDK's TLS, with a certificate to show. */
final class PeerSocket {

    private PeerSocket() {}

    /** Connected; the handshake comes with the first byte. @param protocol offered by ALPN */
    static SSLSocket connect(Svid svid, TrustBundle bundle, Address address, String protocol) throws IOException, GeneralSecurityException {
        return over(new Socket(address.host(), address.port()), svid, bundle, protocol);
    }

    /** TLS over a connection that stands. */
    static SSLSocket over(Socket connected, Svid svid, TrustBundle bundle, String protocol) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("svid", svid.key(), new char[0], svid.chain().toArray(X509Certificate[]::new));
        int n = 0;
        for (X509Certificate each : bundle.authorities()) store.setCertificateEntry("ca" + n++, each);
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, new char[0]);
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        SSLSocket socket = (SSLSocket) context.getSocketFactory()
            .createSocket(connected, connected.getInetAddress().getHostAddress(), connected.getPort(), true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {protocol});
        socket.setSSLParameters(parameters);
        return socket;
    }
}
