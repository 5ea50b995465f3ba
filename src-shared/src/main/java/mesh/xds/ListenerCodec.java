package mesh.xds;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import com.google.protobuf.Message;
import com.google.protobuf.UInt64Value;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.Cors;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit;
import io.envoyproxy.envoy.extensions.filters.http.rbac.v3.RBAC;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ForwardClientCertDetails;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.PathWithEscapedSlashesAction;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.SetCurrentClientCertDetails;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.UpgradeConfig;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.Rds;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import mesh.model.AccessLogPolicy;
import mesh.model.AccessPolicy;
import mesh.model.Address;
import mesh.model.Arrival;
import mesh.model.Detection;
import mesh.model.DownstreamTls;
import mesh.model.DownstreamTls.Mode;
import mesh.model.HashPolicy;
import mesh.model.HttpLimits;
import mesh.model.Listener.HttpTraffic;
import mesh.model.Listener.TcpTraffic;
import mesh.model.Listener.Traffic;
import mesh.model.ListenerLimits;
import mesh.model.MeshSnapshot;
import mesh.model.ProxyProtocol;
import mesh.model.RateLimit;
import mesh.model.Scope;
import mesh.model.TracingPolicy;
import mesh.v1.ListenerPolicy;

/**
 * A socket with one filter chain and one network filter. The service label is the connection manager's {@code stat_prefix}. The scope is
 * not sent: who gets a listener is meant by it, so it decodes as {@link Scope#ALL}.
 */
final class ListenerCodec implements ResourceCodec<mesh.model.Listener, Listener> {

    private static final String HTTP = "envoy.filters.network.http_connection_manager";
    private static final String TCP = "envoy.filters.network.tcp_proxy";
    private static final String CONNECTIONS = "envoy.filters.network.connection_limit";
    private static final String ROUTER = "envoy.filters.http.router";

    /** Stands for "" in {@code stat_prefix}, which an Envoy does not accept empty. */
    private static final String NO_SERVICE = "-";

    private static final Set<String> LISTENER_FIELDS = Set.of("name", "address", "filter_chains", "access_log", "stat_prefix", "metadata",
        "traffic_direction", "use_original_dst", "bind_to_port", "enable_reuse_port", "per_connection_buffer_limit_bytes", "tcp_backlog_size");
    private static final Set<String> CHAIN_FIELDS = Set.of("name", "filters", "transport_socket", "metadata");
    private static final Set<String> HTTP_FIELDS = Set.of("codec_type", "stat_prefix", "rds", "http_filters", "upgrade_configs",
        "forward_client_cert_details", "set_current_client_cert_details", "access_log", "access_log_options", "tracing",
        "generate_request_id", "server_name", "normalize_path", "path_with_escaped_slashes_action", "http_protocol_options",
        "common_http_protocol_options", "use_remote_address",
        "xff_num_trusted_hops", "max_request_headers_kb", "request_headers_timeout", "http2_protocol_options");
    private static final Set<String> TCP_FIELDS = Set.of("stat_prefix", "cluster", "access_log", "access_log_options", "hash_policy");

    /** @param federated whether there are other trust domains, whose identities it may name */
    private record Source(mesh.model.Listener listener, boolean federated) {}

    @Override
    public Class<Listener> wireType() {
        return Listener.class;
    }

    @Override
    public Set<String> names(MeshSnapshot snapshot) {
        return snapshot.listeners().keySet();
    }

    @Override
    public mesh.model.Listener find(MeshSnapshot snapshot, String name) {
        return snapshot.listeners().get(name);
    }

    @Override
    public Object source(mesh.model.Listener listener, MeshSnapshot snapshot) {
        return new Source(listener, listener.tls().isPresent() && !snapshot.federation().isEmpty());
    }

    @Override
    public String name(Listener message) {
        return message.getName();
    }

    @Override
    public Listener encode(mesh.model.Listener listener, MeshSnapshot snapshot) {
        FilterChain.Builder chain = FilterChain.newBuilder();
        ListenerLimits limits = listener.limits();
        if (limits.maxConnections() > 0) {
            chain.addFilters(filter(CONNECTIONS, ConnectionLimit.newBuilder().setStatPrefix(listener.name())
                .setMaxConnections(UInt64Value.of(limits.maxConnections())).build()));
        }
        chain.addFilters(filter(listener));
        listener.tls().ifPresent(tls -> chain.setTransportSocket(TransportSockets.downstream(tls, !snapshot.federation().isEmpty())));
        Listener.Builder message = Listener.newBuilder()
            .setName(listener.name())
            .setAddress(SocketAddresses.encode(listener.bind()))
            .addFilterChains(chain);
        if (listener.arrival() == Arrival.INTERCEPTED) message.setUseOriginalDst(BoolValue.of(true));
        if (listener.arrival() == Arrival.HANDED_OVER) message.setBindToPort(BoolValue.of(false));
        if (listener.tls().filter(DownstreamTls::isPermissive).isPresent()) Permissive.encode(message);
        if (listener.traffic() instanceof HttpTraffic http) http.detection().ifPresent(detection -> Detections.encode(detection, message));
        ProxyProtocols.encode(listener.proxied(), message);
        ListenerPolicy policy = policy(listener);
        if (!policy.equals(ListenerPolicy.getDefaultInstance())) message.setMetadata(MeshPolicy.encode(policy));
        return message.build();
    }

    /** What only our sidecars know. */
    private static ListenerPolicy policy(mesh.model.Listener listener) {
        ListenerPolicy.Builder policy = ListenerPolicy.newBuilder().setMaxBodyBytes(listener.limits().maxBodyBytes());
        if (listener.traffic() instanceof TcpTraffic tcp) tcp.hash().ifPresent(by -> HashPolicies.encode(by, policy));
        return policy.build();
    }

    private static Filter filter(mesh.model.Listener listener) {
        if (listener.traffic() instanceof TcpTraffic tcp) {
            TcpProxy.Builder proxy = TcpProxy.newBuilder().setStatPrefix(listener.name()).setCluster(tcp.cluster());
            if (tcp.hash().isPresent()) proxy.addHashPolicy(HashPolicies.ofConnections());
            return filter(TCP, proxy.build());
        }
        return filter(HTTP, connectionManager((HttpTraffic) listener.traffic(), listener.tls().isPresent(), listener));
    }

    private static Filter filter(String name, Message config) {
        return Filter.newBuilder().setName(name).setTypedConfig(Wire.pack(config)).build();
    }

    private static HttpConnectionManager connectionManager(HttpTraffic http, boolean mutualTls, mesh.model.Listener listener) {
        ListenerLimits limits = listener.limits();
        HttpConnectionManager.Builder manager = HttpConnectionManager.newBuilder()
            .setStatPrefix(http.service().isEmpty() ? NO_SERVICE : http.service())
            .setRds(Rds.newBuilder().setConfigSource(Wire.ADS).setRouteConfigName(http.routeTable()))
            // Without it, an Envoy takes what a client says of its own address for true.
            .setUseRemoteAddress(BoolValue.of(true))
            .setXffNumTrustedHops(limits.trustedHops())
            .addUpgradeConfigs(UpgradeConfig.newBuilder().setUpgradeType("websocket"))
            .setNormalizePath(BoolValue.of(true));
        DownstreamHttpOptions.encode(limits.http(), manager);
        listener.log().ifPresent(policy -> manager.addAccessLog(AccessLogs.encode(policy)));
        listener.tracing().ifPresent(policy -> manager.setTracing(Tracings.encode(policy)));
        AccessPolicies.encode(listener.access(), manager);
        // What an application may take for a slash, a policy does not.
        if (!listener.access().isEmpty()) manager.setPathWithEscapedSlashesAction(PathWithEscapedSlashesAction.REJECT_REQUEST);
        limits.rate().ifPresent(rate -> manager.addHttpFilters(httpFilter(RateLimits.LISTENER_FILTER, RateLimits.encode(rate))));
        manager.addHttpFilters(httpFilter(RateLimits.FILTER, RateLimits.idle()));
        manager.addHttpFilters(httpFilter(CorsPolicies.FILTER, Cors.getDefaultInstance()));
        manager.addHttpFilters(httpFilter(Faults.FILTER, HTTPFault.getDefaultInstance()));
        manager.addHttpFilters(httpFilter(ROUTER, Router.getDefaultInstance()));
        if (mutualTls) {
            // What a peer claims in x-forwarded-client-cert is dropped, what its certificate says is set.
            manager.setForwardClientCertDetails(ForwardClientCertDetails.SANITIZE_SET)
                .setSetCurrentClientCertDetails(SetCurrentClientCertDetails.newBuilder().setUri(true));
        }
        return manager.build();
    }

    private static HttpFilter httpFilter(String name, Message config) {
        return HttpFilter.newBuilder().setName(name).setTypedConfig(Wire.pack(config)).build();
    }

    @Override
    public mesh.model.Listener decode(Listener message, Reading reading) {
        ProxyProtocol.Acceptance proxied = ProxyProtocols.decode(message, reading);
        mesh.model.Listener listener = decodeTls(ProxyProtocols.without(message), reading);
        return listener == null || proxied == null ? null : reading.check(() -> listener.withProxied(proxied));
    }

    private static mesh.model.Listener decodeTls(Listener message, Reading reading) {
        if (Detections.is(message)) {
            Detection detection = Detections.decode(message, reading);
            mesh.model.Listener listener = detection == null ? null : decode(Detections.httpOnly(message), Mode.STRICT, reading);
            return listener == null ? null : reading.check(() -> listener.withDetection(detection));
        }
        boolean permissive = Permissive.is(message);
        if (permissive) message = Permissive.tlsOnly(message);
        return decode(message, permissive ? Mode.PERMISSIVE : Mode.STRICT, reading);
    }

    /** @param mode of its TLS, where it has any */
    private static mesh.model.Listener decode(Listener message, Mode mode, Reading reading) {
        reading.only(message, LISTENER_FIELDS);
        Address bind = SocketAddresses.decode(message.getAddress(), reading.at("address"));
        if (message.getFilterChainsCount() != 1) {
            reading.at("filter_chains").problem("has " + message.getFilterChainsCount() + " chains (expected: "
                + (message.getFilterChainsCount() < 2 ? "one)" : "one, or two that differ in TLS only, for tls and raw_buffer)"));
            return null;
        }
        FilterChain chain = message.getFilterChains(0);
        Reading at = reading.at("filter_chains", 0);
        at.only(chain, CHAIN_FIELDS);
        Optional<DownstreamTls> tls = chain.hasTransportSocket()
            ? Optional.ofNullable(TransportSockets.downstream(chain.getTransportSocket(), mode, at.at("transport_socket")))
            : Optional.empty();
        ListenerPolicy policy = MeshPolicy.decode(message.getMetadata(), ListenerPolicy.newBuilder(), reading).build();
        Service service = service(chain, policy, at);
        Arrival arrival = arrival(message, reading);
        return reading.clean()
            ? reading.check(() -> new mesh.model.Listener(message.getName(), bind, Scope.ALL, service.traffic, tls, service.limits, service.log,
                service.tracing, service.access, arrival, ProxyProtocol.Acceptance.NONE))
            : null;
    }

    private static Arrival arrival(Listener message, Reading reading) {
        boolean intercepted = message.getUseOriginalDst().getValue();
        if (!message.hasBindToPort() || message.getBindToPort().getValue()) return intercepted ? Arrival.INTERCEPTED : Arrival.DIRECT;
        if (intercepted) reading.at("bind_to_port").unexpected(false, "true, or none, beside use_original_dst");
        return Arrival.HANDED_OVER;
    }

    /** What the filters of a chain do; traffic is null when problems were noted. */
    private record Service(Traffic traffic, ListenerLimits limits, Optional<AccessLogPolicy> log, Optional<TracingPolicy> tracing,
        List<AccessPolicy> access) {}

    private static Service service(FilterChain chain, ListenerPolicy policy, Reading reading) {
        long maxBodyBytes = policy.getMaxBodyBytes();
        int last = chain.getFiltersCount() - 1;
        boolean limited = last == 1 && chain.getFilters(0).getTypedConfig().is(ConnectionLimit.class);
        if (last != 0 && !limited) {
            reading.at("filters").problem("has " + chain.getFiltersCount() + " filters (expected: one, " + HTTP + " or " + TCP
                + ", and before it at most " + CONNECTIONS + ")");
            return null;
        }
        int connections = limited ? connections(chain.getFilters(0).getTypedConfig(), reading.at("filters", 0).at("typed_config")) : 0;
        Reading at = reading.at("filters", last).at("typed_config");
        Any config = chain.getFilters(last).getTypedConfig();
        if (config.is(HttpConnectionManager.class)) {
            HttpConnectionManager manager = at.unpack(config, HttpConnectionManager.class);
            return manager == null ? null : new Service(http(manager, at), limits(manager, connections, maxBodyBytes, at),
                AccessLogs.decode(manager.getAccessLogList(), at.at("access_log")),
                manager.hasTracing() ? Tracings.decode(manager.getTracing(), at.at("tracing")) : Optional.empty(),
                AccessPolicies.decode(manager, at));
        }
        if (config.is(TcpProxy.class)) {
            TcpProxy proxy = at.unpack(config, TcpProxy.class);
            return proxy == null ? null : new Service(tcp(proxy, policy, at),
                at.check(() -> new ListenerLimits(Optional.empty(), 0, connections, maxBodyBytes, HttpLimits.DEFAULT)),
                Optional.empty(), Optional.empty(), List.of());
        }
        at.unexpected(config.getTypeUrl(), "the configuration of " + HTTP + " or " + TCP);
        return null;
    }

    private static int connections(Any config, Reading reading) {
        ConnectionLimit limit = reading.unpack(config, ConnectionLimit.class);
        if (limit == null) {
            return 0;
        }
        reading.only(limit, Set.of("stat_prefix", "max_connections"));
        long most = limit.getMaxConnections().getValue();
        if (most < 1 || most > ListenerLimits.MOST_CONNECTIONS) {
            reading.at("max_connections").unexpected(Long.toUnsignedString(most), "1 to " + ListenerLimits.MOST_CONNECTIONS);
            return 0;
        }
        return (int) most;
    }

    private static Traffic tcp(TcpProxy proxy, ListenerPolicy policy, Reading reading) {
        reading.only(proxy, TCP_FIELDS);
        Optional<HashPolicy.By> hash = HashPolicies.decode(proxy, policy, reading);
        return reading.check(() -> new TcpTraffic(proxy.getCluster(), hash));
    }

    private static Traffic http(HttpConnectionManager manager, Reading reading) {
        reading.only(manager, HTTP_FIELDS);
        if (manager.getCodecType() != CodecType.AUTO && manager.getCodecType() != CodecType.HTTP1) {
            reading.at("codec_type").unexpected(manager.getCodecTypeValue(), "AUTO or HTTP1");
        }
        for (int i = 0; i < manager.getUpgradeConfigsCount(); i++) {
            Reading at = reading.at("upgrade_configs", i);
            at.only(manager.getUpgradeConfigs(i), Set.of("upgrade_type", "enabled"));
        }
        Wire.onlyAds(manager.getRds().getConfigSource(), reading.at("rds").at("config_source"));
        String service = manager.getStatPrefix().equals(NO_SERVICE) ? "" : manager.getStatPrefix();
        return reading.check(() -> new HttpTraffic(manager.getRds().getRouteConfigName(), service));
    }

    /** The filters before the router: those that limit, and two that do nothing until a route configures them. */
    private static ListenerLimits limits(HttpConnectionManager manager, int connections, long maxBodyBytes, Reading reading) {
        RateLimit rate = null;
        for (int i = 0; i < manager.getHttpFiltersCount(); i++) {
            HttpFilter filter = manager.getHttpFilters(i);
            Reading at = reading.at("http_filters", i);
            if (filter.getTypedConfig().is(LocalRateLimit.class)) {
                LocalRateLimit config = at.unpack(filter.getTypedConfig(), LocalRateLimit.class);
                if (config == null || RateLimits.isIdle(config)) continue;
                // Under the name that routes configure, theirs would take its place; here both hold.
                if (!filter.getName().equals(RateLimits.LISTENER_FILTER) || rate != null) at.unexpected(filter.getName(), "one " + RateLimits.LISTENER_FILTER);
                rate = RateLimits.decode(config, at.at("typed_config"));
            } else if (filter.getTypedConfig().is(HTTPFault.class)) {
                // For routes to configure; what it says of all of them would hold for none of those that do.
                HTTPFault config = at.unpack(filter.getTypedConfig(), HTTPFault.class);
                if (config != null) at.at("typed_config").only(config, Set.of());
            } else if (!filter.getTypedConfig().is(Router.class) && !filter.getTypedConfig().is(RBAC.class) && !filter.getTypedConfig().is(Cors.class)) {
                at.unexpected(filter.getName() + " " + filter.getTypedConfig().getTypeUrl(),
                    String.join(", ", RateLimits.FILTER, CorsPolicies.FILTER, Faults.FILTER) + " or " + ROUTER);
            }
        }
        Optional<RateLimit> limit = Optional.ofNullable(rate);
        HttpLimits http = DownstreamHttpOptions.decode(manager, reading);
        return reading.check(() -> new ListenerLimits(limit, manager.getXffNumTrustedHops(), connections, maxBodyBytes, http));
    }
}
