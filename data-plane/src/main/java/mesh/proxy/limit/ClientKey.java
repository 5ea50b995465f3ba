package mesh.proxy.limit;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import mesh.model.RateLimit;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.ForwardedFor;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.Span;

/** Who the client of one connection is to a rate limit, as a fingerprint. Made with the first request that is limited; one loop only. */
public final class ClientKey {

    /** What all have in common. */
    private static final long NOBODY = 1;
    /** Whoever has an IPv6 address has the other 2^64 of its network too. */
    private static final int NETWORK_BYTES = 8;

    private final long address;
    private final long peer;

    /**
     * @param address of the other end; null when it has none
     * @param peer    the SPIFFE id it has proved; null for none
     */
    public ClientKey(InetAddress address, String peer) {
        this.address = address == null ? NOBODY : ofAddress(address.getAddress());
        this.peer = peer == null ? NOBODY : ofName(peer);
    }

    /**
     * The fingerprint by which a limit tells this client from others.
     *
     * @param header      the field's name where the key is one, else null
     * @param trustedHops proxies before us that are believed
     */
    long of(RateLimit.Key key, FieldName header, RequestHead request, int trustedHops) {
        if (header != null) return value(request, request.indexOf(header, 0));
        if (key instanceof RateLimit.PeerIdentity) return peer;
        if (key instanceof RateLimit.ClientAddress) return trustedHops == 0 ? address : forwarded(request, trustedHops);
        return NOBODY;
    }

    private static long value(RequestHead request, int field) {
        return field < 0 ? NOBODY : Fingerprint.of(request.text(), request.valueStart(field), request.valueEnd(field));
    }

    private long forwarded(RequestHead request, int trustedHops) {
        long member = ForwardedFor.find(request, trustedHops);
        return member < 0 ? address : member(request.text(), Span.start(member), Span.end(member));
    }

    private static long member(byte[] text, int from, int to) {
        String member = new String(text, from, to - from, StandardCharsets.ISO_8859_1);
        byte[] parsed = NetUtil.createByteArrayFromIpAddressString(member);
        return parsed == null ? ofName(member) : ofAddress(parsed);
    }

    private static long ofName(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.ISO_8859_1);
        return Fingerprint.of(bytes, 0, bytes.length);
    }

    private static long ofAddress(byte[] address) {
        return Fingerprint.of(address, 0, Math.min(NETWORK_BYTES, address.length));
    }
}
