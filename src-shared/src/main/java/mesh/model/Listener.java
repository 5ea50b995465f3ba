package mesh.model;

import java.util.List;
import java.util.Optional;

/**
 * A socket that sidecars open, and what they do with its traffic. Inbound and outbound differ only in their parts: inbound has
 * {@code tls} and a cluster on loopback, outbound is plain and its cluster has mTLS.
 *
 * @param name    unique among listeners
 * @param bind    where; port 0 lets the system choose
 * @param scope   which sidecars
 * @param traffic what happens to it
 * @param tls     mTLS towards whoever connects; empty for plaintext
 * @param limits  what clients may cost
 * @param log     which requests are written down; only for HTTP
 * @param tracing of which requests spans are exported; only for HTTP
 * @param access  who may ask what; only for HTTP. Sorted by {@link AccessPolicy#ORDER}
 * @param arrival how connections come to it
 * @param proxied whether its clients are proxies that say for whom they connect
 */
public record Listener(
    String name, Address bind, Scope scope, Traffic traffic, Optional<DownstreamTls> tls, ListenerLimits limits, Optional<AccessLogPolicy> log,
    Optional<TracingPolicy> tracing, List<AccessPolicy> access, Arrival arrival, ProxyProtocol.Acceptance proxied) {

    private static final String IP_OR_NONE = "|((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\\.(?!$)|$)){4}|[0-9a-fA-F]*:[0-9a-fA-F:.]*";

    public Listener {
        Checks.name("listener name", name);
        if (traffic instanceof TcpTraffic && limits.needHttp()) {
            throw new IllegalArgumentException(
                "listener \"" + name + "\" limits of requests beside protocol tcp (expected: only maxConnections, or protocol http)");
        }
        if (traffic instanceof TcpTraffic && log.isPresent()) {
            throw new IllegalArgumentException("listener \"" + name + "\" access log beside protocol tcp (expected: only with protocol http)");
        }
        access = AccessPolicy.checked(name, access);
        if (traffic instanceof TcpTraffic && !access.isEmpty()) {
            throw new IllegalArgumentException("listener \"" + name + "\" authorization beside protocol tcp (expected: only with protocol http)");
        }
        boolean detects = traffic instanceof HttpTraffic http && http.detection().isPresent();
        if (detects && !access.isEmpty()) {
            throw new IllegalArgumentException("listener \"" + name
                + "\" authorization beside protocol auto (expected: protocol http, as what is none would pass)");
        }
        if (detects && tls.isPresent()) {
            throw new IllegalArgumentException("listener \"" + name + "\" tls beside protocol auto (expected: protocol http or tcp)");
        }
        if (traffic instanceof TcpTraffic && tracing.isPresent()) {
            throw new IllegalArgumentException("listener \"" + name + "\" tracing beside protocol tcp (expected: only with protocol http)");
        }
        if (arrival == Arrival.HANDED_OVER && bind.port() == 0) {
            throw new IllegalArgumentException("listener \"" + name + "\" has no socket and port 0 (expected: the port that connections are opened to)");
        }
        if (arrival == Arrival.HANDED_OVER && !bind.host().matches(IP_OR_NONE)) {
            throw new IllegalArgumentException("listener \"" + name + "\" has no socket and listens on \"" + bind.host()
                + "\" (expected: the IP address that connections are opened to, or none for every address)");
        }
        if (arrival == Arrival.HANDED_OVER && limits.maxConnections() > 0) {
            throw new IllegalArgumentException("listener \"" + name + "\" limit of connections without a socket (expected: on the listener that has it)");
        }
        if (arrival == Arrival.HANDED_OVER && proxied != ProxyProtocol.Acceptance.NONE) {
            throw new IllegalArgumentException("listener \"" + name + "\" PROXY protocol without a socket (expected: on the listener that has it)");
        }
    }

    /** To whose own socket connections come. */
    public Listener(
        String name, Address bind, Scope scope, Traffic traffic, Optional<DownstreamTls> tls, ListenerLimits limits, Optional<AccessLogPolicy> log,
        Optional<TracingPolicy> tracing, List<AccessPolicy> access) {
        this(name, bind, scope, traffic, tls, limits, log, tracing, access, Arrival.DIRECT, ProxyProtocol.Acceptance.NONE);
    }

    /** Of which nobody is told. */
    public Listener(String name, Address bind, Scope scope, Traffic traffic, Optional<DownstreamTls> tls, ListenerLimits limits) {
        this(name, bind, scope, traffic, tls, limits, Optional.empty(), Optional.empty(), List.of());
    }

    /** Without limits. */
    public Listener(String name, Address bind, Scope scope, Traffic traffic, Optional<DownstreamTls> tls) {
        this(name, bind, scope, traffic, tls, ListenerLimits.NONE);
    }

    public Listener withLog(Optional<AccessLogPolicy> next) {
        return new Listener(name, bind, scope, traffic, tls, limits, next, tracing, access, arrival, proxied);
    }

    public Listener withTracing(Optional<TracingPolicy> next) {
        return new Listener(name, bind, scope, traffic, tls, limits, log, next, access, arrival, proxied);
    }

    public Listener withAccess(List<AccessPolicy> next) {
        return new Listener(name, bind, scope, traffic, tls, limits, log, tracing, next, arrival, proxied);
    }

    public Listener withArrival(Arrival next) {
        return new Listener(name, bind, scope, traffic, tls, limits, log, tracing, access, next, proxied);
    }

    /** Of HTTP that also takes what is none. */
    public Listener withDetection(Detection detection) {
        HttpTraffic http = (HttpTraffic) traffic;
        return new Listener(name, bind, scope, new HttpTraffic(http.routeTable(), http.service(), Optional.of(detection)), tls, limits, log, tracing, access,
            arrival, proxied);
    }

    public Listener withProxied(ProxyProtocol.Acceptance next) {
        return new Listener(name, bind, scope, traffic, tls, limits, log, tracing, access, arrival, next);
    }

    /** The clusters that it names itself, and not by a route table. */
    public List<String> clusters() {
        if (traffic instanceof TcpTraffic tcp) return List.of(tcp.cluster());
        return ((HttpTraffic) traffic).detection().map(Detection::clusters).orElse(List.of());
    }

    /** What a listener does with its bytes. */
    public sealed interface Traffic permits TcpTraffic, HttpTraffic {}

    /**
     * Bytes go to one cluster as they come.
     *
     * @param cluster the cluster's name
     * @param hash    what the key of a connection is, for balancers that go by keys: {@link HashPolicy.SourceAddress} or {@link
     *                HashPolicy.PeerIdentity}; empty for none
     */
    public record TcpTraffic(String cluster, Optional<HashPolicy.By> hash) implements Traffic {
        public TcpTraffic {
            Checks.name("listener cluster", cluster);
            hash.filter(by -> !by.ofConnections()).ifPresent(by -> {
                throw new IllegalArgumentException("listener hashBy: \"" + by.text() + "\" (expected: address or spiffe_id, for protocol tcp)");
            });
        }

        /** Without a key. */
        public TcpTraffic(String cluster) {
            this(cluster, Optional.empty());
        }
    }

    /**
     * Requests are routed one by one.
     *
     * @param routeTable the route table's name
     * @param service    the {@code service} label of its requests; "" means the cluster each request goes to
     * @param detection  what becomes of clients that do not speak HTTP; empty where all are taken to
     */
    public record HttpTraffic(String routeTable, String service, Optional<Detection> detection) implements Traffic {
        public HttpTraffic {
            Checks.name("listener route", routeTable);
        }

        /** For clients that speak HTTP. */
        public HttpTraffic(String routeTable, String service) {
            this(routeTable, service, Optional.empty());
        }
    }
}
