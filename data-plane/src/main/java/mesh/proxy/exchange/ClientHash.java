package mesh.proxy.exchange;

import io.netty.channel.Channel;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HexFormat;
import java.util.random.RandomGenerator;
import mesh.model.HashPolicy;
import mesh.model.HashPolicy.Cookie;
import mesh.proxy.ends.Ends;
import mesh.proxy.balancer.Balancer;
import mesh.proxy.balancer.XxHash64;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.tls.MeshTls;

/** What is known of a client by its connection, as keys for balancers. Made for the first request that asks; on the connection's loop only. */
public final class ClientHash {

    private final long address;
    private final long peer;
    private String cookie;
    private long cookieHash;

    /**
     * @param address of the other end; null when it has none
     * @param peer    the SPIFFE id it has proved; null for none
     */
    ClientHash(InetAddress address, String peer) {
        this.address = address == null ? Balancer.NO_KEY : XxHash64.of(NetUtil.toAddressString(address));
        this.peer = peer == null ? Balancer.NO_KEY : XxHash64.of(peer);
    }

    /** The key of a connection of TCP, whose handshake, if it has one, is over. @param by null for none */
    public static long of(Channel client, HashPolicy.By by) {
        if (by == null) return Balancer.NO_KEY;
        MeshTls.PeerIdentity proved = MeshTls.peerOf(client);
        ClientHash hash = new ClientHash(Ends.hostOf(client),
            proved == null ? null : proved.id().toString());
        return by instanceof HashPolicy.SourceAddress ? hash.address : hash.peer;
    }

    long address() {
        return address;
    }

    long peer() {
        return peer;
    }

    /** The hash of a cookie for this client. As in Envoy it is the same for all of the connection, so that requests sent at once agree. */
    long cookie(RandomGenerator random) {
        if (cookie == null) {
            cookie = HexFormat.of().toHexDigits(random.nextLong());
            cookieHash = XxHash64.of(cookie);
        }
        return cookieHash;
    }

    /** Gives that cookie with an answer, in Envoy's words. */
    void give(Cookie as, ResponseHead head) {
        long seconds = as.ttl().map(Duration::toSeconds).orElse(0L);
        head.add(FieldName.SET_COOKIE, as.name() + "=\"" + cookie + '"' + (seconds == 0 ? "" : "; Max-Age=" + seconds)
            + (as.path().isEmpty() ? "" : "; Path=" + as.path()) + "; HttpOnly");
    }
}
