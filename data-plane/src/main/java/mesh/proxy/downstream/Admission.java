package mesh.proxy.downstream;

import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import mesh.model.DownstreamTls;
import mesh.model.Listener;
import mesh.pki.Verdict;
import mesh.proxy.tls.HandshakeFailure.Reason;
import mesh.proxy.tls.MeshTls;
import mesh.proxy.tls.MeshTls.PeerIdentity;

/**
 * Whether a client that has got in may be connected to a listener as it is configured now: asked once when a connection begins to be served,
 * because a configuration may have come during the handshake, and of every open connection when one changes the listener's TLS. Never for a
 * request. On the connection's loop.
 */
final class Admission {

    private Admission() {}

    /** Has a client go that would not be let in now. One that has not yet shown who it is is left to {@link #refuses}, later. */
    static void review(Listener listener, Channel client, MeshTls.Dismissals dismissals) {
        boolean undecided = MeshTls.peerOf(client) == null
            && (client.pipeline().get(SslHandler.class) != null || client.pipeline().get(TlsDetector.class) != null
            || client.pipeline().get(ProxyHeaderReader.class) != null);
        if (!undecided) refuses(listener, client, dismissals);
    }

    /** @return whether the client is let in no more; it is on its way out then */
    static boolean refuses(Listener listener, Channel client, MeshTls.Dismissals dismissals) {
        if (listener.tls().isEmpty()) return false;
        DownstreamTls tls = listener.tls().get();
        PeerIdentity peer = MeshTls.peerOf(client);
        if (peer == null) {
            if (tls.isPermissive()) return false;
            dismissals.dismiss(client, Reason.PLAINTEXT, "listener " + listener.name() + ": no TLS (expected: TLS 1.3)");
            return true;
        }
        if (Verdict.isAmong(peer.id(), tls.allow(), peer.local().trustDomain())) return false;
        dismissals.dismiss(client, Reason.SAN_MISMATCH, "listener " + listener.name() + ": " + peer.id()
            + " (expected: " + Verdict.words(tls.allow(), peer.local().trustDomain()) + ")");
        return true;
    }
}
