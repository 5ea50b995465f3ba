package mesh.xds;

import com.google.protobuf.ByteString;
import com.google.protobuf.BoolValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
import io.envoyproxy.envoy.config.core.v3.HealthCheck;
import io.envoyproxy.envoy.config.core.v3.HealthCheck.GrpcHealthCheck;
import io.envoyproxy.envoy.config.core.v3.HealthCheck.HttpHealthCheck;
import io.envoyproxy.envoy.config.core.v3.HealthCheck.Payload;
import io.envoyproxy.envoy.config.core.v3.HealthCheck.TcpHealthCheck;
import io.envoyproxy.envoy.config.core.v3.HealthCheck.TlsOptions;
import io.envoyproxy.envoy.config.core.v3.RequestMethod;
import io.envoyproxy.envoy.type.v3.CodecClientType;
import io.envoyproxy.envoy.type.v3.Int64Range;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import mesh.model.ConnectionPolicy;
import mesh.model.HealthCheckPolicy;
import mesh.model.HealthCheckPolicy.Check;
import mesh.model.HealthCheckPolicy.Grpc;
import mesh.model.HealthCheckPolicy.Header;
import mesh.model.HealthCheckPolicy.Http;
import mesh.model.HealthCheckPolicy.Statuses;
import mesh.model.HealthCheckPolicy.Tcp;
import mesh.model.UpstreamProtocol;

/**
 * Active health checks as Envoy has them: one per cluster, over the cluster's own TLS. What an Envoy needs to be told beside it, which HTTP
 * the check speaks and so offers by ALPN, follows from the cluster's protocol.
 */
final class HealthChecks {

    private static final Set<String> FIELDS = Set.of("timeout", "interval", "initial_jitter", "interval_jitter_percent", "unhealthy_threshold",
        "healthy_threshold", "reuse_connection", "http_health_check", "tcp_health_check", "grpc_health_check", "no_traffic_interval", "tls_options",
        "event_logger", "always_log_health_check_failures", "always_log_health_check_success");

    /** Envoy's, when the field is absent. */
    private static final Duration ENVOY_NO_TRAFFIC = Duration.ofSeconds(60);

    private HealthChecks() {}

    static HealthCheck encode(HealthCheckPolicy policy, UpstreamProtocol protocol) {
        HealthCheck.Builder message = HealthCheck.newBuilder()
            .setTimeout(Wire.duration(policy.timeout()))
            .setInterval(Wire.duration(policy.interval()))
            .setIntervalJitterPercent(policy.intervalJitterPercent())
            .setUnhealthyThreshold(Wire.uint32(policy.unhealthyThreshold()))
            .setHealthyThreshold(Wire.uint32(policy.healthyThreshold()))
            .setReuseConnection(BoolValue.of(policy.reuseConnection()))
            .setNoTrafficInterval(Wire.duration(policy.noTrafficInterval()))
            .setTlsOptions(TlsOptions.newBuilder().addAlpnProtocols(alpn(policy.check(), protocol)));
        if (!policy.initialJitter().isZero()) message.setInitialJitter(Wire.duration(policy.initialJitter()));
        if (policy.check() instanceof Http http) message.setHttpHealthCheck(encode(http, protocol));
        else if (policy.check() instanceof Tcp tcp) message.setTcpHealthCheck(encode(tcp));
        else message.setGrpcHealthCheck(encode((Grpc) policy.check()));
        return message.build();
    }

    private static String alpn(Check check, UpstreamProtocol protocol) {
        return check instanceof Grpc || check instanceof Http && codec(protocol) == CodecClientType.HTTP2 ? "h2" : "http/1.1";
    }

    private static CodecClientType codec(UpstreamProtocol protocol) {
        return protocol == UpstreamProtocol.HTTP2 ? CodecClientType.HTTP2 : CodecClientType.HTTP1;
    }

    private static HttpHealthCheck encode(Http http, UpstreamProtocol protocol) {
        HttpHealthCheck.Builder message = HttpHealthCheck.newBuilder()
            .setHost(http.host().orElse(""))
            .setPath(http.path())
            .setMethod(RequestMethod.valueOf(http.method()))
            .setCodecClientType(codec(protocol));
        http.expected().forEach(each -> message.addExpectedStatuses(encode(each)));
        http.retriable().forEach(each -> message.addRetriableStatuses(encode(each)));
        http.headers().forEach(each -> message.addRequestHeadersToAdd(HeaderValueOption.newBuilder()
            .setHeader(HeaderValue.newBuilder().setKey(each.name()).setValue(each.value()))
            .setAppendAction(HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD)
            .setKeepEmptyValue(each.value().isEmpty())));
        return message.build();
    }

    private static Int64Range encode(Statuses statuses) {
        return Int64Range.newBuilder().setStart(statuses.first()).setEnd(statuses.last() + 1).build();
    }

    private static TcpHealthCheck encode(Tcp tcp) {
        TcpHealthCheck.Builder message = TcpHealthCheck.newBuilder();
        if (!tcp.send().isEmpty()) message.setSend(Payload.newBuilder().setText(tcp.send()));
        tcp.receive().forEach(each -> message.addReceive(Payload.newBuilder().setText(each)));
        return message.build();
    }

    private static GrpcHealthCheck encode(Grpc grpc) {
        return GrpcHealthCheck.newBuilder().setServiceName(grpc.service()).setAuthority(grpc.authority().orElse("")).build();
    }

    /** Empty for none, or after a problem. @param connections null after a problem */
    static Optional<HealthCheckPolicy> decode(List<HealthCheck> all, ConnectionPolicy connections, Reading cluster) {
        if (all.isEmpty() || connections == null) return Optional.empty();
        if (all.size() > 1) cluster.at("health_checks").problem("has " + all.size() + " of them (expected: one)");
        HealthCheck m = all.get(0);
        Reading reading = cluster.at("health_checks", 0);
        reading.only(m, FIELDS);
        Check check = check(m, connections.protocol(), reading);
        if (check == null) return Optional.empty();
        String alpn = alpn(check, connections.protocol());
        if (m.hasTlsOptions() && !m.getTlsOptions().getAlpnProtocolsList().equals(List.of(alpn))) {
            reading.at("tls_options").at("alpn_protocols").unexpected(m.getTlsOptions().getAlpnProtocolsList(), alpn + " alone, the check's protocol");
        }
        Duration interval = reading.at("interval").duration(m.getInterval(), ENVOY_NO_TRAFFIC);
        Duration timeout = reading.at("timeout").duration(m.getTimeout(), ENVOY_NO_TRAFFIC);
        Duration initial = reading.at("initial_jitter").duration(m.getInitialJitter(), Duration.ZERO);
        Duration quiet = m.hasNoTrafficInterval()
            ? reading.at("no_traffic_interval").duration(m.getNoTrafficInterval(), ENVOY_NO_TRAFFIC) : ENVOY_NO_TRAFFIC;
        return Optional.ofNullable(reading.check(() -> new HealthCheckPolicy(check, interval, m.getIntervalJitterPercent(), initial, timeout,
            m.getUnhealthyThreshold().getValue(), m.getHealthyThreshold().getValue(), quiet,
            !m.hasReuseConnection() || m.getReuseConnection().getValue())));
    }

    /** Null after a problem. */
    private static Check check(HealthCheck m, UpstreamProtocol protocol, Reading reading) {
        return switch (m.getHealthCheckerCase()) {
            case HTTP_HEALTH_CHECK -> http(m.getHttpHealthCheck(), protocol, reading.at("http_health_check"));
            case TCP_HEALTH_CHECK -> tcp(m.getTcpHealthCheck(), reading.at("tcp_health_check"));
            case GRPC_HEALTH_CHECK -> grpc(m.getGrpcHealthCheck(), reading.at("grpc_health_check"));
            default -> {
                reading.problem("asks nothing that this proxy knows (expected: http_health_check, tcp_health_check or grpc_health_check)");
                yield null;
            }
        };
    }

    private static Http http(HttpHealthCheck m, UpstreamProtocol protocol, Reading reading) {
        reading.only(m, Set.of("host", "path", "method", "codec_client_type", "expected_statuses", "retriable_statuses", "request_headers_to_add"));
        if (m.getCodecClientType() != codec(protocol)) {
            reading.at("codec_client_type").unexpected(m.getCodecClientTypeValue(), codec(protocol) + ", the cluster's protocol");
        }
        List<Header> headers = new ArrayList<>();
        for (int i = 0; i < m.getRequestHeadersToAddCount(); i++) {
            HeaderValueOption option = m.getRequestHeadersToAdd(i);
            Reading at = reading.at("request_headers_to_add", i);
            at.only(option, Set.of("header", "append_action", "keep_empty_value"));
            at.at("header").only(option.getHeader(), Set.of("key", "value"));
            headers.add(at.check(() -> new Header(option.getHeader().getKey(), option.getHeader().getValue())));
        }
        List<Statuses> expected = statuses(m.getExpectedStatusesList(), reading, "expected_statuses");
        List<Statuses> retriable = statuses(m.getRetriableStatusesList(), reading, "retriable_statuses");
        String method = m.getMethod() == RequestMethod.METHOD_UNSPECIFIED ? "GET" : m.getMethod().name();
        return !reading.clean() ? null : reading.check(() ->
            new Http(text(m.getHost()), m.getPath(), method, expected.isEmpty() ? Http.OK : expected, retriable, headers));
    }

    private static List<Statuses> statuses(List<Int64Range> ranges, Reading reading, String field) {
        List<Statuses> statuses = new ArrayList<>();
        for (int i = 0; i < ranges.size(); i++) {
            Int64Range range = ranges.get(i);
            statuses.add(reading.at(field, i).check(() -> new Statuses(status(range.getStart()), status(range.getEnd() - 1))));
        }
        return statuses;
    }

    /** As an int, which a number outside of the range of statuses stays outside of. */
    private static int status(long number) {
        return (int) Math.max(0, Math.min(Integer.MAX_VALUE, number));
    }

    private static Tcp tcp(TcpHealthCheck m, Reading reading) {
        reading.only(m, Set.of("send", "receive"));
        return reading.check(() -> new Tcp(hex(m.getSend()), m.getReceiveList().stream().map(HealthChecks::hex).toList()));
    }

    private static String hex(Payload payload) {
        ByteString binary = payload.getBinary();
        return payload.hasBinary() ? HexFormat.of().formatHex(binary.toByteArray()) : payload.getText();
    }

    private static Grpc grpc(GrpcHealthCheck m, Reading reading) {
        reading.only(m, Set.of("service_name", "authority"));
        return reading.check(() -> new Grpc(m.getServiceName(), text(m.getAuthority())));
    }

    private static Optional<String> text(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }
}
