package mesh.e2e;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Instant;
import javax.net.SocketFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import mesh.model.Address;
import mesh.pki.Svid;
import mesh.pki.SvidFiles;

/** The JDK's TLS as a client of the mesh: shows an SVID, and takes whatever the server shows, since the test is about the server's side. */
final class ClientTls {

    private final SSLContext context;

    private ClientTls(SSLContext context) {
        this.context = context;
    }

    /** With the files that {@code mesh keygen} made. */
    static ClientTls of(Path dir, String name) throws IOException, GeneralSecurityException {
        return of(SvidFiles.read(dir.resolve("ca.crt"), dir.resolve(name + ".crt"), dir.resolve(name + ".key"), Instant.now()).svid());
    }

    static ClientTls of(Svid svid) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("svid", svid.key(), new char[0], svid.chain().toArray(X509Certificate[]::new));
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), new TrustManager[] {new TakesAnything()}, null);
        return new ClientTls(context);
    }

    SSLContext context() {
        return context;
    }

    /** Connected, the handshake done, for HTTP/1.1. */
    SSLSocket connect(Address address) throws IOException {
        return connect(address, "http/1.1");
    }

    /** @param protocol offered by ALPN */
    SSLSocket connect(Address address, String protocol) throws IOException {
        SocketFactory factory = context.getSocketFactory();
        SSLSocket socket = (SSLSocket) factory.createSocket(address.host(), address.port());
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {protocol});
        parameters.setProtocols(new String[] {"TLSv1.3"});
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return socket;
    }

    private static final class TakesAnything implements X509TrustManager {

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
