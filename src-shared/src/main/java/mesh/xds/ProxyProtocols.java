package mesh.xds;

import io.envoyproxy.envoy.config.core.v3.ProxyProtocolConfig;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilter;
import io.envoyproxy.envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport;
import io.envoyproxy.envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer;
import java.util.Optional;
import java.util.Set;
import mesh.model.ProxyProtocol;
import mesh.model.ProxyProtocol.Acceptance;
import mesh.model.ProxyProtocol.Version;

/** The PROXY protocol in Envoy's words: a listener filter where it is read, a transport socket around the others where it is sent. */
final class ProxyProtocols {

    private static final String READER = "envoy.filters.listener.proxy_protocol";
    private static final String SENDER = "envoy.transport_sockets.upstream_proxy_protocol";
    private static final TransportSocket PLAINTEXT = TransportSocket.newBuilder().setName("envoy.transport_sockets.raw_buffer")
        .setTypedConfig(Wire.pack(RawBuffer.getDefaultInstance())).build();

    private ProxyProtocols() {}

    /** Before whatever else looks at a connection's first bytes. */
    static void encode(Acceptance acceptance, Listener.Builder listener) {
        if (acceptance == Acceptance.NONE) return;
        listener.addListenerFilters(0, ListenerFilter.newBuilder().setName(READER).setTypedConfig(Wire.pack(
            io.envoyproxy.envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol.newBuilder()
                .setAllowRequestsWithoutProxyProtocol(acceptance == Acceptance.OPTIONAL).build())));
    }

    /** Where there is none of it, {@link Acceptance#NONE}; else the filter is the first. */
    static Acceptance decode(Listener listener, Reading reading) {
        if (!isFirst(listener)) return Acceptance.NONE;
        Reading at = reading.at("listener_filters", 0).at("typed_config");
        var filter = at.unpack(listener.getListenerFilters(0).getTypedConfig(),
            io.envoyproxy.envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol.class);
        if (filter == null) return null;
        at.only(filter, Set.of("allow_requests_without_proxy_protocol", "stat_prefix"));
        return filter.getAllowRequestsWithoutProxyProtocol() ? Acceptance.OPTIONAL : Acceptance.REQUIRED;
    }

    private static boolean isFirst(Listener listener) {
        return listener.getListenerFiltersCount() > 0 && listener.getListenerFilters(0).getTypedConfig()
            .is(io.envoyproxy.envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol.class);
    }

    /** What is left when it has been read. */
    static Listener without(Listener listener) {
        return isFirst(listener) ? listener.toBuilder().removeListenerFilters(0).build() : listener;
    }

    /** @param inner what speaks after it; null for plaintext */
    static TransportSocket around(TransportSocket inner, Version version) {
        return TransportSocket.newBuilder().setName(SENDER).setTypedConfig(Wire.pack(ProxyProtocolUpstreamTransport.newBuilder()
            .setConfig(ProxyProtocolConfig.newBuilder()
                .setVersion(version == Version.V1 ? ProxyProtocolConfig.Version.V1 : ProxyProtocolConfig.Version.V2))
            .setTransportSocket(inner == null ? PLAINTEXT : inner).build())).build();
    }

    /**
     * A transport socket in two.
     *
     * @param inner null for plaintext
     */
    record Unwrapped(Optional<Version> version, TransportSocket inner) {}

    /** Null when there were problems. */
    static Unwrapped unwrap(TransportSocket socket, Reading reading) {
        if (!socket.getTypedConfig().is(ProxyProtocolUpstreamTransport.class)) {
            return new Unwrapped(Optional.empty(), socket.getTypedConfig().is(RawBuffer.class) ? null : socket);
        }
        Reading at = reading.at("typed_config");
        ProxyProtocolUpstreamTransport message = at.unpack(socket.getTypedConfig(), ProxyProtocolUpstreamTransport.class);
        if (message == null) return null;
        at.only(message, Set.of("config", "transport_socket"));
        at.at("config").only(message.getConfig(), Set.of("version"));
        Version version = switch (message.getConfig().getVersion()) {
            case V1 -> Version.V1;
            case V2 -> Version.V2;
            case UNRECOGNIZED -> null;
        };
        if (version == null) at.at("config").at("version").unexpected(message.getConfig().getVersionValue(), "V1 or V2");
        TransportSocket inner = message.getTransportSocket();
        return new Unwrapped(Optional.ofNullable(version), inner.getTypedConfig().is(RawBuffer.class) ? null : inner);
    }
}
