package mesh.e2e;

import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import java.nio.file.Path;
import java.util.Set;

/** What is spoken on one side of a sidecar, by Vert.x, whose codecs are Netty's and not ours. */
enum Wire {

    HTTP1(HttpVersion.HTTP_1_1, false),
    /** HTTP/2 in plaintext, by prior knowledge. */
    H2C(HttpVersion.HTTP_2, false),
    /** HTTP/2 over mTLS, by ALPN. */
    H2(HttpVersion.HTTP_2, true);

    /** Streams on a connection as our sidecars allow, and windows in which a large body does not crawl. */
    private static final int STREAMS = 100, WINDOW = 1 << 20;

    private final HttpVersion version;
    private final boolean tls;

    Wire(HttpVersion version, boolean tls) {
        this.version = version;
        this.tls = tls;
    }

    boolean isTls() {
        return tls;
    }

    boolean isHttp2() {
        return version == HttpVersion.HTTP_2;
    }

    /** @param as whose certificate is shown, where one is */
    HttpClient client(Vertx vertx, Identities identities, String as) throws Exception {
        HttpClientOptions options = new HttpClientOptions().setProtocolVersion(version).setHttp2ClearTextUpgrade(false)
            .setMaxPoolSize(50).setHttp2MaxPoolSize(1).setHttp2MultiplexingLimit(STREAMS).setHttp2ConnectionWindowSize(WINDOW);
        if (tls) {
            options.setSsl(true).setUseAlpn(true).setEnabledSecureTransportProtocols(Set.of("TLSv1.3")).setTrustAll(true).setVerifyHost(false)
                .setKeyCertOptions(key(identities.file(as)));
        }
        return vertx.createHttpClient(options);
    }

    /** Not listening yet. */
    HttpServer server(Vertx vertx, Identities identities, String as) throws Exception {
        HttpServerOptions options = new HttpServerOptions().setHost("127.0.0.1").setPort(0).setHttp2ConnectionWindowSize(WINDOW)
            .setHttp2RstFloodMaxRstFramePerWindow(Integer.MAX_VALUE);
        if (tls) {
            options.setSsl(true).setUseAlpn(true).setEnabledSecureTransportProtocols(Set.of("TLSv1.3")).setClientAuth(ClientAuth.REQUIRED)
                .setKeyCertOptions(key(identities.file(as))).setTrustOptions(new PemTrustOptions().addCertPath(identities.authority().toString()));
        }
        return vertx.createHttpServer(options);
    }

    private static PemKeyCertOptions key(Path svid) {
        return new PemKeyCertOptions().addKeyPath(svid.toString()).addCertPath(svid.toString());
    }
}
