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
 */
record UpstreamHttpOptions(UpstreamProtocol protocol, Optional<Duration> idleTimeout) {

    private static final String KEY = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

    private static final UpstreamHttpOptions ABSENT = new UpstreamHttpOptions(UpstreamProtocol.HTTP1, Optional.empty());

    static Map<String, Any> encode(ConnectionPolicy connections) {
        HttpProtocolOptions.Builder options = HttpProtocolOptions.newBuilder();
        connections.idleTimeout().ifPresent(idle -> options.getCommonHttpProtocolOptionsBuilder().setIdleTimeout(Wire.duration(idle)));
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
        return new UpstreamHttpOptions(protocol(http, reading), idleTimeout(http, reading.at("common_http_protocol_options")));
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

    private static Optional<Duration> idleTimeout(HttpProtocolOptions http, Reading reading) {
        reading.only(http.getCommonHttpProtocolOptions(), Set.of("idle_timeout"));
        return http.getCommonHttpProtocolOptions().hasIdleTimeout()
            ? Optional.ofNullable(reading.at("idle_timeout").duration(http.getCommonHttpProtocolOptions().getIdleTimeout(), null))
            : Optional.empty();
    }
}
