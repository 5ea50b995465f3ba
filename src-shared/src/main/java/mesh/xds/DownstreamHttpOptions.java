package mesh.xds;

import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.HttpProtocolOptions;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import java.time.Duration;
import mesh.model.HttpLimits;

/** Limits of HTTP as a connection manager has them. All are written, for an Envoy's own defaults are others. */
final class DownstreamHttpOptions {

    private DownstreamHttpOptions() {}

    static void encode(HttpLimits limits, HttpConnectionManager.Builder manager) {
        manager
            .setMaxRequestHeadersKb(UInt32Value.of(limits.headKib()))
            .setRequestHeadersTimeout(Wire.duration(limits.headTimeout()))
            .setCommonHttpProtocolOptions(HttpProtocolOptions.newBuilder()
                .setMaxHeadersCount(UInt32Value.of(limits.fields()))
                .setIdleTimeout(Wire.duration(limits.idleTimeout())))
            .setHttp2ProtocolOptions(Http2ProtocolOptions.newBuilder().setMaxConcurrentStreams(UInt32Value.of(limits.streams())));
    }

    /** What is absent is as by default; null when problems were noted. */
    static HttpLimits decode(HttpConnectionManager manager, Reading reading) {
        HttpLimits normal = HttpLimits.DEFAULT;
        HttpProtocolOptions common = manager.getCommonHttpProtocolOptions();
        Http2ProtocolOptions http2 = manager.getHttp2ProtocolOptions();
        int headKib = manager.hasMaxRequestHeadersKb() ? manager.getMaxRequestHeadersKb().getValue() : normal.headKib();
        int fields = common.hasMaxHeadersCount() ? common.getMaxHeadersCount().getValue() : normal.fields();
        int streams = http2.hasMaxConcurrentStreams() ? http2.getMaxConcurrentStreams().getValue() : normal.streams();
        Duration head = manager.hasRequestHeadersTimeout()
            ? reading.at("request_headers_timeout").duration(manager.getRequestHeadersTimeout(), normal.headTimeout()) : normal.headTimeout();
        Duration idle = common.hasIdleTimeout()
            ? reading.at("common_http_protocol_options").at("idle_timeout").duration(common.getIdleTimeout(), normal.idleTimeout()) : normal.idleTimeout();
        return reading.check(() -> new HttpLimits(headKib, fields, streams, head, idle));
    }
}
