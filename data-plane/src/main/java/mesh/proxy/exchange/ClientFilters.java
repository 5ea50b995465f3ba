package mesh.proxy.exchange;

import io.netty.channel.Channel;
import java.net.InetAddress;
import java.util.random.RandomGenerator;
import mesh.model.SpiffeId;
import mesh.proxy.ends.Ends;
import mesh.proxy.filter.ForwardedHeaders;
import mesh.proxy.filter.HopHeaders;
import mesh.proxy.filter.HostRewrite;
import mesh.proxy.filter.RequestId;
import mesh.proxy.filter.TraceContext;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.tls.MeshTls;
import mesh.proxy.tracing.RequestTrace;

/** What is changed in the heads of one client's requests and of their answers, in order. On the connection's loop only. */
public final class ClientFilters {

    private final ForwardedHeaders forwarded;
    private final RequestId requestId;
    private final TraceContext trace;
    private final String peer;
    private final SpiffeId peerId;
    private final InetAddress address;

    /** @param client its handshake, if it has one, is over */
    public ClientFilters(Channel client, RandomGenerator random) {
        this.address = Ends.hostOf(client);
        MeshTls.PeerIdentity proved = MeshTls.peerOf(client);
        this.forwarded = new ForwardedHeaders(address == null ? "unknown" : address.getHostAddress(), certificate(proved));
        this.peerId = proved == null ? null : proved.id();
        this.peer = peerId == null ? null : peerId.toString();
        this.requestId = new RequestId(random);
        this.trace = new TraceContext(random);
    }

    /** The identity that the client has proved, or null. */
    String peer() {
        return peer;
    }

    SpiffeId peerId() {
        return peerId;
    }

    /** {@code http} or {@code https}: what the client's own connection is. */
    String scheme() {
        return forwarded.scheme();
    }

    /** The other end's address, or null. */
    InetAddress address() {
        return address;
    }

    TraceContext trace() {
        return trace;
    }

    /**
     * The head is about to go upstream.
     *
     * @param host  the Host to send, or null to leave it
     * @param trace null for a request that is not recorded
     */
    void onRequest(RequestHead head, String host, RequestTrace trace) {
        HopHeaders.strip(head);
        forwarded.add(head);
        requestId.add(head);
        if (trace == null) this.trace.propagate(head);
        else this.trace.propagate(head, trace.id());
        // Ours to tell, with the next try.
        head.remove(FieldName.X_ENVOY_ATTEMPT_COUNT);
        HostRewrite.apply(head, host);
    }

    void onResponse(ResponseHead head) {
        HopHeaders.strip(head);
    }

    /** Envoy's form. */
    private static String certificate(MeshTls.PeerIdentity peer) {
        return peer == null ? null : "By=" + peer.local() + ";Hash=" + peer.certificateHash() + ";URI=" + peer.id();
    }
}
