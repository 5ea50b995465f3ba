package mesh.xds;

import com.google.protobuf.Any;
import io.envoyproxy.envoy.config.core.v3.Http1ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions.ExplicitHttpConfig;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions.UseDownstreamHttpConfig;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import mesh.model.ConnectionPolicy;
import mesh.model.UpstreamProtocol;

/**
 * How a cluster's endpoints are spoken to, in its {@code typed_extension_protocol_options}. A cluster without any means HTTP/1.1, as to an
 * Envoy, so ours always has them.
 *
 * @param idleTimeout empty when none is set
 * @param maxRequests of one connection; 0 when none is set
 * @param maxDuration of one connection; empty when none is set
 */
record UpstreamHttpOptions(UpstreamProtocol protocol, Optional<Duration> idleTimeout, int maxRequests, Optional<Duration> maxDuration) {

    private static final String KEY = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

    private static final UpstreamHttpOptions ABSENT = new UpstreamHttpOptions(UpstreamProtocol.HTTP1, Optional.empty(), 0, Optional.empty());

    static Map<String, Any> encode(ConnectionPolicy connections) {
        HttpProtocolOptions.Builder options = HttpProtocolOptions.newBuilder();
        connections.idleTimeout().ifPresent(idle -> options.getCommonHttpProtocolOptionsBuilder().setIdleTimeout(Wire.duration(idle)));
        connections.maxConnectionDuration().ifPresent(max -> options.getCommonHttpProtocolOptionsBuilder().setMaxConnectionDuration(Wire.duration(max)));
        if (connections.maxRequestsPerConnection() > 0) {
            options.getCommonHttpProtocolOptionsBuilder().setMaxRequestsPerConnection(Wire.uint32(connections.maxRequestsPerConnection()));
        }
        switch (connections.protocol()) {
            // An Envoy speaks only those of its client's protocols whose options are set.
            case DOWNSTREAM -> options.setUseDownstreamProtocolConfig(UseDownstreamHttpConfig.newBuilder()
                .setHttpProtocolOptions(Http1ProtocolOptions.getDefaultInstance())
                .setHttp2ProtocolOptions(Http2ProtocolOptions.getDefaultInstance()));
            case HTTP1 -> options.setExplicitHttpConfig(
                ExplicitHttpConfig.newBuilder().setHttpProtocolOptions(Http1ProtocolOptions.getDefaultInstance()));
            case HTTP2 -> options.setExplicitHttpConfig(
                ExplicitHttpConfig.newBuilder().setHttp2ProtocolOptions(Http2ProtocolOptions.getDefaultInstance()));
        }
        return Map.of(KEY, Wire.pack(options.build()));
    }

    static UpstreamHttpOptions decode(Map<String, Any> options, Reading reading) {
        options.keySet().stream().filter(key -> !key.equals(KEY)).sorted().forEach(key -> reading.unexpected(key, KEY));
        if (!options.containsKey(KEY)) {
            return ABSENT;
        }
        HttpProtocolOptions http = reading.unpack(options.get(KEY), HttpProtocolOptions.class);
        if (http == null) {
            return ABSENT;
        }
        reading.only(http, Set.of("common_http_protocol_options", "explicit_http_config", "use_downstream_protocol_config"));
        io.envoyproxy.envoy.config.core.v3.HttpProtocolOptions common = http.getCommonHttpProtocolOptions();
        Reading at = reading.at("common_http_protocol_options");
        at.only(common, Set.of("idle_timeout", "max_requests_per_connection", "max_connection_duration"));
        return new UpstreamHttpOptions(protocol(http, reading),
            duration(common.hasIdleTimeout(), common.getIdleTimeout(), at.at("idle_timeout")),
            common.getMaxRequestsPerConnection().getValue(),
            duration(common.hasMaxConnectionDuration(), common.getMaxConnectionDuration(), at.at("max_connection_duration")));
    }

    private static UpstreamProtocol protocol(HttpProtocolOptions http, Reading reading) {
        Set<String> known = Set.of("http_protocol_options", "http2_protocol_options");
        if (http.hasUseDownstreamProtocolConfig()) {
            UseDownstreamHttpConfig config = http.getUseDownstreamProtocolConfig();
            reading.at("use_downstream_protocol_config").only(config, known);
            return config.hasHttp2ProtocolOptions() ? UpstreamProtocol.DOWNSTREAM : UpstreamProtocol.HTTP1;
        }
        reading.at("explicit_http_config").only(http.getExplicitHttpConfig(), known);
        return http.getExplicitHttpConfig().hasHttp2ProtocolOptions() ? UpstreamProtocol.HTTP2 : UpstreamProtocol.HTTP1;
    }

    private static Optional<Duration> duration(boolean present, com.google.protobuf.Duration message, Reading reading) {
        return present ? Optional.ofNullable(reading.duration(message, null)) : Optional.empty();
    }
}
