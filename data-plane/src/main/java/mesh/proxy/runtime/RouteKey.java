package mesh.proxy.runtime;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import mesh.model.HashPolicy;
import mesh.model.HashPolicy.Cookie;
import mesh.model.HashPolicy.Header;
import mesh.model.HashPolicy.SourceAddress;
import mesh.proxy.balancer.Balancer;
import mesh.proxy.balancer.XxHash64;
import mesh.proxy.http.Cookies;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.ForwardedFor;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.Span;

/**
 * How the key of a route's requests is made, which a balancer goes by that goes by keys. It is the key that an Envoy makes of the same request: the
 * XXH64 of each part, the key so far turned by one bit before the next is mixed in. Any event loop.
 */
public final class RouteKey {

    private static final long NONE = Balancer.NO_KEY;
    private static final String PATH = ":path", AUTHORITY = ":authority";

    /** What is known of a request besides its head. */
    public interface Client {

        /** The hash of the address it has connected from, or {@link Balancer#NO_KEY}. */
        long address();

        /** Proxies before us that are believed. */
        int trustedHops();

        /** The hash of the identity it has proved, or {@link Balancer#NO_KEY}. */
        long peer();

        /** The hash of a value for a cookie that it does not have, and is given with its answer. */
        long give(Cookie cookie);
    }

    /** A policy with the bytes that it looks for. */
    private record Part(HashPolicy policy, FieldName field, byte[] cookie) {

        Part(HashPolicy policy) {
            this(policy, policy.by() instanceof Header header && !header.name().equals(PATH)
                    ? FieldName.of(header.name().equals(AUTHORITY) ? "host" : header.name()) : null,
                policy.by() instanceof Cookie cookie ? cookie.name().getBytes(StandardCharsets.US_ASCII) : null);
        }
    }

    private final Part[] parts;

    RouteKey(List<HashPolicy> policies) {
        parts = policies.stream().map(Part::new).toArray(Part[]::new);
    }

    /**
     * The key of a request, before anything in its head is changed.
     *
     * @return {@link Balancer#NO_KEY} where it has none of the parts
     */
    public long of(RequestHead request, Client client) {
        long key = NONE;
        for (Part part : parts) {
            long next = of(part, request, client);
            if (next != NONE) key = key == NONE ? next : Long.rotateLeft(key, 1) ^ next;
            if (part.policy.terminal() && key != NONE) break;
        }
        return key;
    }

    private static long of(Part part, RequestHead request, Client client) {
        if (part.field != null) return field(part.field, request);
        if (part.cookie != null) return cookie(part, request, client);
        if (part.policy.by() instanceof SourceAddress) return address(request, client);
        if (part.policy.by() instanceof Header) return XxHash64.of(request.text(), request.targetStart(), request.targetEnd(), 0);
        return client.peer();
    }

    private static long field(FieldName name, RequestHead request) {
        int first = request.indexOf(name, 0);
        if (first < 0) return NONE;
        if (request.indexOf(name, first + 1) >= 0) return fields(name, request);
        return XxHash64.of(request.text(), request.valueStart(first), request.valueEnd(first), 0);
    }

    /** Of several in one, whatever their order. Seldom enough to make objects. */
    private static long fields(FieldName name, RequestHead request) {
        byte[][] values = new byte[request.count()][];
        int n = 0;
        for (int i = request.indexOf(name, 0); i >= 0; i = request.indexOf(name, i + 1)) {
            values[n++] = Arrays.copyOfRange(request.text(), request.valueStart(i), request.valueEnd(i));
        }
        Arrays.sort(values, 0, n, Arrays::compareUnsigned);
        long hash = 0;
        for (int i = 0; i < n; i++) hash = XxHash64.of(values[i], 0, values[i].length, hash);
        return hash;
    }

    private static long cookie(Part part, RequestHead request, Client client) {
        long value = Cookies.find(request, part.cookie);
        if (value >= 0) return of(request, value);
        Cookie cookie = (Cookie) part.policy.by();
        return cookie.ttl().isPresent() ? client.give(cookie) : NONE;
    }

    private static long address(RequestHead request, Client client) {
        long forwarded = client.trustedHops() == 0 ? -1 : ForwardedFor.find(request, client.trustedHops());
        return forwarded < 0 ? client.address() : of(request, forwarded);
    }

    private static long of(RequestHead request, long span) {
        return XxHash64.of(request.text(), Span.start(span), Span.end(span), 0);
    }
}
