package mesh.proxy.tls;

import io.netty.channel.Channel;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.AttributeKey;
import java.math.BigInteger;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import mesh.model.Address;
import mesh.model.DownstreamTls;
import mesh.model.SpiffeId;
import mesh.model.Trust;
import mesh.model.TrustBundle;
import mesh.pki.Svid;
import org.jboss.logging.Logger;

/**
 * The sidecar's identity and whom it trusts, behind one volatile reference. A handshake takes what is current when it begins, so a rotation
 * is one write and touches no open connection. Any thread.
 *
 * <p>TLS 1.3 only, ALPN required, both sides show a certificate. A session is resumed only within one identity, one trust and one set of
 * acceptable peers, and the peer's certificate is looked at again when it is.
 */
public final class MeshTls implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(MeshTls.class);
    private static final AttributeKey<PeerIdentity> PEER = AttributeKey.valueOf(MeshTls.class, "peer");
    private static final long HANDSHAKE_TIMEOUT_MILLIS = TimeUnit.SECONDS.toMillis(5);

    /** What a connection is for. */
    public enum Traffic {
        /** HTTP/1.1 and nothing else: by the native engine, as the next. */
        HTTP1,
        /** HTTP/2, or HTTP/1.1 with whom does not know it. */
        HTTP2,
        /**
         * Bytes that end when their sender says so while the other direction goes on: by the JDK's engine. The native one answers the
         * peer's close_notify with its own at once, as TLS 1.2 did (RFC 8446 section 6.1), and so cuts the other half.
         */
        TCP
    }

    /** Told of every handshake that ends. Called on event loops. */
    @FunctionalInterface
    public interface Meter {
        /**
         * @param side   client or server
         * @param result ok or failed
         * @param reason one of {@link HandshakeFailure.Reason#label}, "" when ok
         */
        void handshake(String side, String result, String reason);
    }

    /**
     * The verified other end of a connection.
     *
     * @param retireAtEpochSecond the earlier notAfter of both sides' certificates at the time of the handshake
     * @param certificateHash     lower-case hex SHA-256 of the leaf, for x-forwarded-client-cert
     * @param serial              of the leaf
     */
    public record PeerIdentity(SpiffeId id, SpiffeId local, long retireAtEpochSecond, String certificateHash, BigInteger serial) {}

    /** Ends connections that are open when what let their peer in does not hold any more. */
    @FunctionalInterface
    public interface Dismissals {
        /**
         * Returns at once. Any thread.
         *
         * @param reason why a handshake with the same peer would be refused now
         * @param detail offending value, then the expected one
         */
        void dismiss(Channel channel, HandshakeFailure.Reason reason, String detail);
    }

    private final InstantSource clock;
    private final HandshakeRecord record;
    private final Dismissals dismissals;
    private final SslProvider provider;
    /** Connections with a verified peer that are open, each from its handshake to its end. */
    private final Set<Channel> open = ConcurrentHashMap.newKeySet();
    private volatile TlsIdentity current;

    /** @param clock decides which certificates are good */
    public MeshTls(InstantSource clock, Meter meter, Dismissals dismissals) {
        this(clock, meter, dismissals, fastest());
    }

    MeshTls(InstantSource clock, Meter meter, Dismissals dismissals, SslProvider provider) {
        this.clock = clock;
        this.record = new HandshakeRecord(meter, clock);
        this.dismissals = dismissals;
        this.provider = provider;
    }

    private static SslProvider fastest() {
        if (OpenSsl.isAvailable() && SslProvider.isTlsv13Supported(SslProvider.OPENSSL_REFCNT)) {
            return SslProvider.OPENSSL_REFCNT;
        }
        LOG.warnf("TLS by the JDK, at several times the cost: %s",
            OpenSsl.unavailabilityCause() == null ? "the native library has no TLS 1.3" : OpenSsl.unavailabilityCause().getMessage());
        return SslProvider.JDK;
    }

    /** Whether there is an identity to speak mTLS with. */
    public boolean ready() {
        return current != null;
    }

    /**
     * Makes an identity, and whom it trusts, current. Connections that stand keep what they have, unless their peer is banned now or nobody
     * vouches for it any more. What is current already stays, with its sessions.
     *
     * @throws IllegalArgumentException when no TLS can be spoken with them; what was current stays
     */
    public synchronized void rotate(Svid svid, Trust trust) {
        TlsIdentity before = current;
        if (before != null && before.isOf(svid, trust)) {
            return;
        }
        TlsIdentity next = new TlsIdentity(svid, trust, clock, provider);
        current = next;
        if (before != null) {
            before.release();
            boolean everybodyIsVouchedFor = trust.includes(before.trust());
            open.forEach(channel -> review(channel, next, everybodyIsVouchedFor));
        }
    }

    private void review(Channel channel, TlsIdentity now, boolean everybodyIsVouchedFor) {
        PeerIdentity peer = peerOf(channel);
        Optional<TrustBundle> bundle = now.trust().of(peer.id().trustDomain());
        if (bundle.isPresent() && bundle.get().bans().bans(peer.id(), peer.serial())) {
            dismissals.dismiss(channel, HandshakeFailure.Reason.BANNED,
                peer.id() + ", certificate " + peer.serial().toString(16) + ", is banned (expected: a peer that is not)");
        } else if (!everybodyIsVouchedFor) {
            now.refusal(channel.pipeline().get(SslHandler.class)).ifPresent(refused ->
                dismissals.dismiss(channel, HandshakeFailure.Reason.of(refused.reason()), refused.detail()));
        }
    }

    /** As {@link #rotate(Svid, Trust)}, where there is one trust domain only. */
    public void rotate(Svid svid, TrustBundle bundle) {
        rotate(svid, Trust.of(bundle));
    }

    /** Server side: client certificate required; {@code policy.allow()} empty means any of one's own trust domain. Needs to be {@link #ready}. */
    public SslHandler server(Channel channel, Traffic traffic, DownstreamTls policy) {
        return handler(channel, new Acceptance(false, traffic, policy.allow()), null);
    }

    /** Client side: {@code expect} empty means any of one's own trust domain. {@code peer} keys the session cache. Needs to be {@link #ready}. */
    public SslHandler client(Channel channel, Traffic traffic, Set<SpiffeId> expect, Address peer) {
        return handler(channel, new Acceptance(true, traffic, expect), peer);
    }

    private SslHandler handler(Channel channel, Acceptance acceptance, Address peer) {
        while (true) {
            TlsIdentity identity = current;
            if (identity == null) {
                throw new IllegalStateException("no identity (expected: a rotation before the first connection)");
            }
            SslHandler handler = identity.tryHandler(channel.alloc(), acceptance, peer);
            if (handler != null) {
                handler.setHandshakeTimeoutMillis(HANDSHAKE_TIMEOUT_MILLIS);
                // The first listener: who waits for the handshake finds the peer's identity.
                handler.handshakeFuture().addListener(done -> ended(channel, handler, identity, acceptance, done.cause()));
                return handler;
            }
            // Rotated between the two lines above; the next turn has the new one.
        }
    }

    private void ended(Channel channel, SslHandler handler, TlsIdentity identity, Acceptance acceptance, Throwable failure) {
        if (failure == null) {
            channel.attr(PEER).set(identity.peerOf(handler.engine()));
            open.add(channel);
            channel.closeFuture().addListener(closed -> open.remove(channel));
            // Whoever is banned during a handshake is either seen by the rotation, or sees it here.
            TlsIdentity now = current;
            if (now != null && now != identity) review(channel, now, now.trust().includes(identity.trust()));
        }
        record.ended(acceptance, identity.trust(), channel.remoteAddress(), failure);
    }

    /** Who is at the other end, after the handshake; null for a plaintext connection. */
    public static PeerIdentity peerOf(Channel channel) {
        return channel.attr(PEER).get();
    }

    /** Frees what is native as soon as the last connection is gone. */
    @Override
    public synchronized void close() {
        TlsIdentity last = current;
        current = null;
        if (last != null) {
            last.release();
        }
    }
}
