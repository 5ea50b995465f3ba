package mesh.proxy.tls;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import java.util.Set;
import mesh.model.Address;
import mesh.model.DownstreamTls;
import mesh.model.SpiffeId;
import mesh.model.TrustBundle;
import mesh.pki.Svid;

/**
 * STUB of the contract: the sidecar's identity and whom it trusts, behind one volatile reference. Contexts are read at each handshake,
 * so a rotation is one write and touches no open connection.
 */
public final class MeshTls {

    /** Whether there is an identity to speak mTLS with. */
    public boolean ready() { throw new UnsupportedOperationException(); }

    public void rotate(Svid svid, TrustBundle bundle) { throw new UnsupportedOperationException(); }

    /** Server side: TLS 1.3, ALPN, client certificate required; {@code policy.allow()} empty means any of the trust domain. */
    public SslHandler server(ByteBufAllocator allocator, DownstreamTls policy) { throw new UnsupportedOperationException(); }

    /** Client side: {@code expect} empty means any of the trust domain. {@code peer} keys the session cache. */
    public SslHandler client(ByteBufAllocator allocator, Set<SpiffeId> expect, Address peer) { throw new UnsupportedOperationException(); }

    /** Who is at the other end, after the handshake; null for a plaintext connection. */
    public static PeerIdentity peerOf(Channel channel) { throw new UnsupportedOperationException(); }

    /**
     * The verified other end of a connection.
     *
     * @param retireAtEpochSecond the earlier notAfter of both sides' certificates at the time of the handshake
     * @param certificateHash     lower-case hex SHA-256 of the leaf, for x-forwarded-client-cert
     */
    public record PeerIdentity(SpiffeId id, SpiffeId local, long retireAtEpochSecond, String certificateHash) {}
}
