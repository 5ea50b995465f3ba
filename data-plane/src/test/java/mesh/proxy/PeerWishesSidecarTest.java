package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Set;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import mesh.model.ApplyResult;
import mesh.model.DownstreamTls;
import mesh.pki.Svid;
import mesh.pki.TestPki;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who may say how often a request is tried. */
class PeerWishesSidecarTest {

    private static final String ASKING = "GET / HTTP/1.1\r\nhost: a\r\nx-envoy-retry-on: 5xx\r\nx-envoy-max-retries: 3\r\nconnection: close\r\n\r\n";

    private final TestPki pki = TestPki.create(Env.system().clock());
    private final Sidecar sidecar = new Sidecar(Env.system(), 1);
    private final TestUpstream failing = new TestUpstream(exchange -> TestUpstream.text(exchange, 500, exchange.getRequestHeaders().keySet().toString()));

    @AfterEach
    void close() {
        sidecar.close();
        failing.close();
    }

    @Test
    void triesAsOftenAsAPeerOfTheMeshAsks() throws Exception {
        sidecar.rotate(pki.svid("payments"), pki.bundle());
        apply(Snapshots.http().downstreamTls(new DownstreamTls(Set.of(pki.id("web")))));
        try (RawClient peer = new RawClient(connectAs(pki.svid("web")))) {
            assertThat(peer.send(ASKING).readAll()).startsWith("HTTP/1.1 500").doesNotContainIgnoringCase("x-envoy-retry-on");
        }
        assertThat(failing.requests()).isEqualTo(4);
    }

    @Test
    void triesNoOftenerWhenAStrangerAsksAndPassesNothingOn() throws Exception {
        apply(Snapshots.http());
        try (RawClient stranger = new RawClient(sidecar.bound().get("web"))) {
            assertThat(stranger.send(ASKING).readAll()).startsWith("HTTP/1.1 500")
                .doesNotContainIgnoringCase("x-envoy-retry-on").doesNotContainIgnoringCase("x-envoy-max-retries");
        }
        assertThat(failing.requests()).isEqualTo(1);
    }

    private void apply(Snapshots snapshots) {
        assertThat(sidecar.apply(snapshots.to(failing.address(), 1).build())).isInstanceOf(ApplyResult.Applied.class);
    }

    /** Shows that certificate and believes the mesh's. */
    private SSLSocket connectAs(Svid svid) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("svid", svid.key(), new char[0], svid.chain().toArray(X509Certificate[]::new));
        int n = 0;
        for (X509Certificate each : pki.bundle().authorities()) store.setCertificateEntry("ca" + n++, each);
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, new char[0]);
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", sidecar.bound().get("web").port());
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {"http/1.1"});
        socket.setSSLParameters(parameters);
        return socket;
    }
}
