package mesh.proxy.tls;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSslX509KeyManagerFactory;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.IllegalReferenceCountException;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import mesh.model.Address;
import mesh.model.Trust;
import mesh.pki.Svid;
import mesh.pki.Verdict;

/**
 * One identity with those who are trusted beside it, and the TLS contexts made of them: one for each side and set of acceptable peers, when first needed.
 * Session caches and ticket keys are a context's own, so nothing is resumed under other terms than it was begun under. Any thread.
 *
 * <p>Contexts are native memory and counted: an open connection holds its own, so after {@link #release} each goes with its last
 * connection.
 */
final class TlsIdentity {

    /** What is spoken, best first; {@code mesh} says that a sidecar is speaking, and not an application with TLS of its own. */
    private static final List<String> HTTP2 = List.of("h2", "http/1.1", "mesh"), HTTP1 = List.of("http/1.1", "mesh");
    /** Nothing of it is ever written anywhere. */
    private static final char[] NO_PASSWORD = new char[0];

    private final Svid svid;
    private final SslProvider provider;
    /** By engine, each made once: it takes ten times as long as a context. */
    private final Map<SslProvider, KeyManagerFactory> keys = new ConcurrentHashMap<>();
    private final VerifiedChains chains;
    private final Map<Acceptance, SslContext> contexts = new ConcurrentHashMap<>();
    private boolean released;

    /** @throws IllegalArgumentException when no TLS can be spoken with them */
    TlsIdentity(Svid svid, Trust trust, InstantSource clock, SslProvider provider) {
        this.svid = svid;
        this.provider = provider;
        this.chains = new VerifiedChains(trust, clock);
        // So that what a library cannot use is found here, and what is slow is done here, and not with the first connection.
        context(new Acceptance(false, MeshTls.Traffic.HTTP2, Set.of()));
        context(new Acceptance(false, MeshTls.Traffic.TCP, Set.of()));
    }

    boolean isOf(Svid otherSvid, Trust trust) {
        return svid.equals(otherSvid) && chains.trust().equals(trust);
    }

    Trust trust() {
        return chains.trust();
    }

    /** @return null when this identity was released meanwhile */
    SslHandler tryHandler(ByteBufAllocator allocator, Acceptance acceptance, Address peer) {
        SslContext context = contexts.get(acceptance);
        if (context == null) {
            context = context(acceptance);
        }
        if (context == null) {
            return null;
        }
        try {
            return peer == null ? context.newHandler(allocator) : context.newHandler(allocator, peer.host(), peer.port());
        } catch (IllegalReferenceCountException e) {
            return null;
        }
    }

    /** @return null when this identity was released */
    synchronized SslContext context(Acceptance acceptance) {
        return released ? null : contexts.computeIfAbsent(acceptance, this::build);
    }

    private KeyManagerFactory keyFor(SslProvider by) {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, NO_PASSWORD);
            store.setKeyEntry("svid", svid.key(), NO_PASSWORD, svid.chain().toArray(X509Certificate[]::new));
            KeyManagerFactory factory = by == SslProvider.JDK
                ? KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm())
                : new OpenSslX509KeyManagerFactory();
            factory.init(store, NO_PASSWORD);
            return factory;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalArgumentException(svid.id() + ": no TLS with this certificate and key: " + e.getMessage(), e);
        }
    }

    private SslContext build(Acceptance acceptance) {
        SslProvider by = acceptance.traffic() == MeshTls.Traffic.TCP ? SslProvider.JDK : provider;
        KeyManagerFactory key = keys.computeIfAbsent(by, this::keyFor);
        SslContextBuilder builder = acceptance.client()
            ? SslContextBuilder.forClient().keyManager(key)
            : SslContextBuilder.forServer(key).clientAuth(ClientAuth.REQUIRE);
        try {
            return builder
                .sslProvider(by)
                .protocols("TLSv1.3")
                .trustManager(new SvidTrustManager(chains, acceptance))
                // The only behaviours that the native provider has; the trust manager insists on a protocol.
                .applicationProtocolConfig(new ApplicationProtocolConfig(
                    Protocol.ALPN, SelectorFailureBehavior.NO_ADVERTISE, SelectedListenerFailureBehavior.ACCEPT,
                    acceptance.traffic() == MeshTls.Traffic.HTTP2 ? HTTP2 : HTTP1))
                .build();
        } catch (SSLException | RuntimeException e) {
            throw new IllegalArgumentException(svid.id() + ": no TLS with this certificate and key: " + e.getMessage(), e);
        }
    }

    /** Why the peer of a connection from before would not be believed now; empty when it would, or is gone. */
    Optional<Verdict.Refused> refusal(SslHandler handler) {
        if (handler == null) {
            return Optional.empty();
        }
        try {
            Certificate[] chain = handler.engine().getSession().getPeerCertificates();
            Verdict verdict = chains.check(Arrays.copyOf(chain, chain.length, X509Certificate[].class));
            return verdict instanceof Verdict.Refused refused ? Optional.of(refused) : Optional.empty();
        } catch (SSLPeerUnverifiedException e) {
            return Optional.empty();
        }
    }

    /** What a handshake that has just succeeded proved. */
    MeshTls.PeerIdentity peerOf(SSLEngine engine) {
        try {
            VerifiedChains.Proof peer = chains.proofOf(engine.getSession().getPeerCertificates());
            long until = Math.min(peer.accepted().notAfter().getEpochSecond(), svid.leaf().getNotAfter().toInstant().getEpochSecond());
            return new MeshTls.PeerIdentity(peer.accepted().id(), svid.id(), until, peer.leafHash(), peer.serial());
        } catch (SSLPeerUnverifiedException e) {
            throw new IllegalStateException("a handshake without a certificate succeeded", e);
        }
    }

    synchronized void release() {
        released = true;
        contexts.values().forEach(ReferenceCountUtil::release);
        contexts.clear();
    }
}
