package mesh.xds;

import static mesh.xds.ResourceTypeTest.problems;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.BoolValue;
import com.google.protobuf.Duration;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.UInt64Value;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers.Thresholds;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.CommonLbConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.LeastRequestLbConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.RingHashLbConfig.HashFunction;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.RoundRobinLbConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.SlowStartConfig;
import io.envoyproxy.envoy.config.cluster.v3.OutlierDetection;
import io.envoyproxy.envoy.config.core.v3.HealthCheck;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.Http3ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChainMatch;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilter;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.trace.v3.OpenTelemetryConfig;
import io.envoyproxy.envoy.extensions.access_loggers.file.v3.FileAccessLog;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions.AutoHttpConfig;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions.ExplicitHttpConfig;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions.UseDownstreamHttpConfig;
import io.envoyproxy.envoy.type.v3.CodecClientType;
import io.envoyproxy.envoy.type.v3.Int64Range;
import java.util.List;
import java.util.Optional;
import mesh.model.BalancingPolicy;
import mesh.model.ConsistentHash;
import mesh.model.EndpointHealth;
import mesh.model.HealthCheckPolicy;
import mesh.model.MeshSnapshot;
import mesh.model.RetryBudgetPolicy;
import mesh.model.RetryLimits;
import mesh.model.SlowStart;
import mesh.model.OutlierPolicy;
import mesh.model.UpstreamProtocol;
import org.junit.jupiter.api.Test;

/** What another control plane may send that this proxy would do differently is refused by name, not ignored. */
class StrictDecodingTest {

    private static final MeshSnapshot RICH = Samples.rich();

    @Test
    void namesAnUnknownHttpFilterAndEverythingElseThatIsWrong() throws Exception {
        Listener.Builder listener = wire(ResourceType.LISTENER, "outbound", Listener.class).toBuilder();
        Filter.Builder filter = listener.getFilterChainsBuilder(0).getFiltersBuilder(0);
        filter.setTypedConfig(Wire.pack(filter.getTypedConfig().unpack(HttpConnectionManager.class).toBuilder()
            .addHttpFilters(0, HttpFilter.newBuilder().setName("envoy.filters.http.lua"))
            .setMergeSlashes(true)
            .build()));
        listener.addListenerFilters(ListenerFilter.newBuilder().setName("envoy.filters.listener.original_dst"));
        listener.getFilterChainsBuilder(0).setFilterChainMatch(FilterChainMatch.newBuilder().addServerNames("a.example"));

        assertThat(problems(decode(ResourceType.LISTENER, "outbound", listener.build()))).containsExactly(
            "listeners.outbound.listener_filters: is set (expected: absent; this proxy does not have it)",
            "listeners.outbound.filter_chains[0].filter_chain_match: is set (expected: absent; this proxy does not have it)",
            "listeners.outbound.filter_chains[0].filters[0].typed_config.merge_slashes: is set (expected: absent; this proxy does not have it)",
            "listeners.outbound.filter_chains[0].filters[0].typed_config.http_filters[0]: \"envoy.filters.http.lua \" (expected:"
                + " envoy.filters.http.local_ratelimit, envoy.filters.http.cors, envoy.filters.http.fault or envoy.filters.http.router)");
    }

    @Test
    void aPolicyOfOurOwnIsReadWithoutWhatALaterVersionAdds() throws Exception {
        Cluster cluster = wire(ResourceType.CLUSTER, "secure", Cluster.class);
        Cluster newer = withPolicy(cluster, "later", Value.newBuilder().setStringValue("x").build());
        assertThat(decode(ResourceType.CLUSTER, "secure", newer)).isEqualTo(decode(ResourceType.CLUSTER, "secure", cluster));
    }

    @Test
    void refusesAPolicyOfOurOwnThatCannotBeRead() throws Exception {
        Cluster cluster = wire(ResourceType.CLUSTER, "secure", Cluster.class);
        for (Value nonsense : List.of(Value.newBuilder().setStringValue("x").build(), Value.newBuilder().setNumberValue(Double.NaN).build())) {
            assertThat(problems(decode(ResourceType.CLUSTER, "secure", withPolicy(cluster, "circuit_breaker", nonsense))))
                .singleElement().asString().startsWith("clusters.secure.metadata.filter_metadata.mesh.v1: is not a readable ClusterPolicy: ");
        }
    }

    @Test
    void takesEnvoysDefaultsOfOutlierDetectionAndRefusesWhatItHasNotGot() throws Exception {
        Cluster plain = wire(ResourceType.CLUSTER, "plain", Cluster.class);
        Cluster bare = plain.toBuilder().setOutlierDetection(OutlierDetection.getDefaultInstance()).build();
        mesh.model.Cluster read = (mesh.model.Cluster) ((Decoded.Good<?>) decode(ResourceType.CLUSTER, "plain", bare)).value();
        assertThat(read.health().outliers()).contains(new OutlierPolicy(5, 0, false, 5, java.time.Duration.ofSeconds(10),
            java.time.Duration.ofSeconds(30), java.time.Duration.ofSeconds(300), java.time.Duration.ZERO, 10, false,
            Optional.of(OutlierPolicy.SuccessRate.DEFAULT), Optional.empty()));

        Cluster strange = plain.toBuilder().setOutlierDetection(OutlierDetection.newBuilder()
            .setEnforcingConsecutive5Xx(UInt32Value.of(50))
            .setSplitExternalLocalOriginErrors(true)
            .setSuccessRateMinimumHosts(UInt32Value.of(0))).build();
        assertThat(problems(decode(ResourceType.CLUSTER, "plain", strange))).containsExactly(
            "clusters.plain.outlier_detection.enforcing_consecutive_5xx: \"50\" (expected: 0 or 100)",
            "clusters.plain.outlier_detection.enforcing_local_origin_success_rate: is not 0 (expected: 0; this proxy does not have it)",
            "clusters.plain.outlier_detection: successRate minimumHosts: 0 (expected: 1 to 1000000)");
    }

    @Test
    void takesEnvoysDefaultsOfHealthChecksAndRefusesWhatItHasNotGot() throws Exception {
        HealthCheck bare = HealthCheck.newBuilder()
            .setTimeout(Duration.newBuilder().setSeconds(1)).setInterval(Duration.newBuilder().setSeconds(5))
            .setUnhealthyThreshold(UInt32Value.of(3)).setHealthyThreshold(UInt32Value.of(2))
            .setHttpHealthCheck(HealthCheck.HttpHealthCheck.newBuilder().setPath("/healthz")).build();
        Cluster plain = wire(ResourceType.CLUSTER, "plain", Cluster.class);
        Decoded<?> decoded = decode(ResourceType.CLUSTER, "plain", plain.toBuilder().addHealthChecks(bare).build());
        mesh.model.Cluster read = (mesh.model.Cluster) ((Decoded.Good<?>) decoded).value();
        assertThat(read.health().check()).contains(new HealthCheckPolicy(HealthCheckPolicy.Http.get("/healthz"), java.time.Duration.ofSeconds(5), 0,
            java.time.Duration.ZERO, java.time.Duration.ofSeconds(1), 3, 2, java.time.Duration.ofSeconds(60), true));

        HealthCheck.Builder strange = bare.toBuilder().setAltPort(UInt32Value.of(81)).setUnhealthyThreshold(UInt32Value.of(0));
        strange.getHttpHealthCheckBuilder().setCodecClientType(CodecClientType.HTTP2).addExpectedStatuses(Int64Range.newBuilder().setStart(200).setEnd(200));
        assertThat(problems(decode(ResourceType.CLUSTER, "plain", plain.toBuilder().addHealthChecks(strange).addHealthChecks(bare).build())))
            .containsExactly(
                "clusters.plain.health_checks: has 2 of them (expected: one)",
                "clusters.plain.health_checks[0].alt_port: is set (expected: absent; this proxy does not have it)",
                "clusters.plain.health_checks[0].http_health_check.codec_client_type: \"1\" (expected: HTTP1, the cluster's protocol)",
                "clusters.plain.health_checks[0].http_health_check.expected_statuses[0]: last status: 199 (expected: 200 to 599)");
        assertThat(problems(decode(ResourceType.CLUSTER, "plain", plain.toBuilder().addHealthChecks(bare.toBuilder()
            .setUnhealthyThreshold(UInt32Value.of(0)).setTlsOptions(HealthCheck.TlsOptions.newBuilder().addAlpnProtocols("spdy"))).build())))
            .containsExactly(
                "clusters.plain.health_checks[0].tls_options.alpn_protocols: \"[spdy]\" (expected: http/1.1 alone, the check's protocol)",
                "clusters.plain.health_checks[0]: unhealthyThreshold: 0 (expected: 1 to 1000)");
        assertThat(problems(decode(ResourceType.CLUSTER, "plain", plain.toBuilder().addHealthChecks(bare.toBuilder()
            .setCustomHealthCheck(HealthCheck.CustomHealthCheck.newBuilder().setName("redis"))).build()))).containsExactly(
                "clusters.plain.health_checks[0].custom_health_check: is set (expected: absent; this proxy does not have it)",
                "clusters.plain.health_checks[0]: asks nothing that this proxy knows (expected: http_health_check, tcp_health_check or grpc_health_check)");
    }

    @Test
    void takesEnvoysDefaultsOfRetryLimitsAndItsBudgetForTheNearest() throws Exception {
        Cluster plain = wire(ResourceType.CLUSTER, "plain", Cluster.class);
        assertThat(retries(plain)).as("ours").isEqualTo(RetryLimits.DEFAULT);
        assertThat(retries(plain.toBuilder().clearCircuitBreakers().build())).isEqualTo(new RetryLimits(RetryBudgetPolicy.DEFAULT, 3));
        assertThat(retries(plain.toBuilder().setCircuitBreakers(thresholds(Thresholds.newBuilder().setRetryBudget(Thresholds.RetryBudget.newBuilder()))).build()))
            .isEqualTo(new RetryLimits(new RetryBudgetPolicy(0.2, 3, java.time.Duration.ofSeconds(10)), 0));
        assertThat(problems(decode(ResourceType.CLUSTER, "plain", plain.toBuilder()
            .setCircuitBreakers(thresholds(Thresholds.newBuilder().setMaxRetries(UInt32Value.of(-1)).setMaxConnectionPools(UInt32Value.of(1)))).build()))).containsExactly(
                "clusters.plain.circuit_breakers.thresholds[0].max_connection_pools: is set (expected: absent; this proxy does not have it)",
                "clusters.plain.circuit_breakers: maxRetries: -1 (expected: 0 to 1000000)");
        assertThat(problems(decode(ResourceType.CLUSTER, "secure", withPolicy(wire(ResourceType.CLUSTER, "secure", Cluster.class), "retry_budget", Value.newBuilder()
            .setStructValue(Struct.newBuilder().putFields("ratio", Value.newBuilder().setNumberValue(11).build())).build())))).containsExactly(
                "clusters.secure.metadata.filter_metadata.mesh.v1.retry_budget: ratio: 11.0 (expected: 0 to 10)");
    }

    @Test
    void takesEnvoysDefaultsOfSlowStartAndRefusesWhatTheBalancerWouldNotHeed() throws Exception {
        Cluster plain = wire(ResourceType.CLUSTER, "plain", Cluster.class);
        SlowStartConfig slow = SlowStartConfig.newBuilder().setSlowStartWindow(Wire.duration(java.time.Duration.ofSeconds(30))).build();
        Cluster cluster = plain.toBuilder().setRoundRobinLbConfig(RoundRobinLbConfig.newBuilder().setSlowStartConfig(slow)).build();
        mesh.model.Cluster read = (mesh.model.Cluster) ((Decoded.Good<?>) decode(ResourceType.CLUSTER, "plain", cluster)).value();
        assertThat(read.balancing()).isEqualTo(BalancingPolicy.DEFAULT.withSlowStart(SlowStart.over(java.time.Duration.ofSeconds(30))));

        assertThat(problems(decode(ResourceType.CLUSTER, "plain", plain.toBuilder()
            .setLeastRequestLbConfig(LeastRequestLbConfig.newBuilder().setChoiceCount(UInt32Value.of(3)).setSlowStartConfig(slow.toBuilder().clearSlowStartWindow()))
            .setCommonLbConfig(CommonLbConfig.newBuilder()
                .setHealthyPanicThreshold(io.envoyproxy.envoy.type.v3.Percent.newBuilder().setValue(33.3))
                .setCloseConnectionsOnHostSetChange(true)).build()))).containsExactly(
                    "clusters.plain.least_request_lb_config: is set (expected: absent, beside balancer round_robin)",
                    "clusters.plain.least_request_lb_config.choice_count: is set (expected: absent; this proxy does not have it)",
                    "clusters.plain.least_request_lb_config.slow_start_config: slow start window: 0s (expected: more than 0)",
                    "clusters.plain.common_lb_config.close_connections_on_host_set_change: is set (expected: absent; this proxy does not have it)",
                    "clusters.plain.common_lb_config.healthy_panic_threshold: \"33.3\" (expected: a whole number from 0 to 100)");
    }

    private static CircuitBreakers thresholds(Thresholds.Builder limits) {
        return CircuitBreakers.newBuilder().addThresholds(limits).build();
    }

    private static RetryLimits retries(Cluster message) {
        return ((mesh.model.Cluster) ((Decoded.Good<?>) decode(ResourceType.CLUSTER, "plain", message)).value()).retries();
    }

    private static Cluster withPolicy(Cluster cluster, String key, Value value) {
        Struct policy = cluster.getMetadata().getFilterMetadataOrThrow("mesh.v1").toBuilder().putFields(key, value).build();
        return cluster.toBuilder().setMetadata(cluster.getMetadata().toBuilder().putFilterMetadata("mesh.v1", policy)).build();
    }

    @Test
    void refusesAccessLogsOfOthersMaking() throws Exception {
        Listener.Builder listener = wire(ResourceType.LISTENER, "every", Listener.class).toBuilder();
        Filter.Builder filter = listener.getFilterChainsBuilder(0).getFiltersBuilder(0);
        HttpConnectionManager.Builder manager = filter.getTypedConfig().unpack(HttpConnectionManager.class).toBuilder();
        FileAccessLog.Builder file = manager.getAccessLog(0).getTypedConfig().unpack(FileAccessLog.class).toBuilder();
        file.getLogFormatBuilder().getJsonFormatBuilder().removeFields("peer")
            .putFields("status", Value.newBuilder().setStringValue("%RESPONSE_CODE_DETAILS%").build())
            .putFields("zone", Value.newBuilder().setStringValue("%ENVIRONMENT(ZONE)%").build());
        manager.getAccessLogBuilder(0).setTypedConfig(Wire.pack(file.build())).getFilterBuilder().getNotHealthCheckFilterBuilder();
        filter.setTypedConfig(Wire.pack(manager.build()));
        assertThat(problems(decode(ResourceType.LISTENER, "every", listener.build()))).satisfiesExactlyInAnyOrder(
            p -> assertThat(p).endsWith("json_format.peer: \"\" (expected: %DOWNSTREAM_PEER_URI_SAN%)"),
            p -> assertThat(p).endsWith("json_format.status: \"%RESPONSE_CODE_DETAILS%\" (expected: %RESPONSE_CODE%)"),
            p -> assertThat(p).endsWith("json_format.zone: is set (expected: absent; this proxy does not have it)"),
            p -> assertThat(p).endsWith("access_log.filter.not_health_check_filter: is set (expected: absent; this proxy does not have it)"));
    }

    @Test
    void refusesTracingThatWouldTellSomethingElse() throws Exception {
        Listener.Builder listener = wire(ResourceType.LISTENER, "outbound", Listener.class).toBuilder();
        Filter.Builder filter = listener.getFilterChainsBuilder(0).getFiltersBuilder(0);
        HttpConnectionManager.Builder manager = filter.getTypedConfig().unpack(HttpConnectionManager.class).toBuilder();
        HttpConnectionManager.Tracing.Builder tracing = manager.getTracingBuilder();
        OpenTelemetryConfig.Builder config = tracing.getProvider().getTypedConfig().unpack(OpenTelemetryConfig.class).toBuilder();
        config.getGrpcServiceBuilder().getEnvoyGrpcBuilder().setClusterName("otel");
        config.getSamplerBuilder().setName("always");
        tracing.clearClientSampling().clearSpawnUpstreamSpan().setVerbose(true).getOverallSamplingBuilder().setValue(50);
        tracing.getProviderBuilder().setTypedConfig(Wire.pack(config.build()));
        filter.setTypedConfig(Wire.pack(manager.build()));
        String path = "listeners.outbound.filter_chains[0].filters[0].typed_config.tracing.";
        assertThat(problems(decode(ResourceType.LISTENER, "outbound", listener.build()))).containsExactlyInAnyOrder(
            path + "verbose: is set (expected: absent; this proxy does not have it)",
            path + "client_sampling: \"100.0\" (expected: 0)",
            path + "overall_sampling: \"50.0\" (expected: 100)",
            path + "spawn_upstream_span: \"false\" (expected: true)",
            path + "provider.typed_config.sampler: is set (expected: absent; this proxy does not have it)",
            path + "provider.typed_config.grpc_service.envoy_grpc: is set (expected: absent; this proxy does not have it)");
    }

    @Test
    void refusesAListenerWithoutFilterChains() {
        Listener none = wire(ResourceType.LISTENER, "outbound", Listener.class).toBuilder().clearFilterChains().build();
        assertThat(problems(decode(ResourceType.LISTENER, "outbound", none)))
            .containsExactly("listeners.outbound.filter_chains: has 0 chains (expected: one)");
    }

    @Test
    void refusesAnInboundListenerThatDoesNotDemandACertificate() throws Exception {
        Listener.Builder listener = wire(ResourceType.LISTENER, "inbound", Listener.class).toBuilder();
        var socket = listener.getFilterChainsBuilder(0).getTransportSocketBuilder();
        socket.setTypedConfig(Wire.pack(socket.getTypedConfig().unpack(DownstreamTlsContext.class).toBuilder()
            .setRequireClientCertificate(BoolValue.of(false)).build()));
        assertThat(problems(decode(ResourceType.LISTENER, "inbound", listener.build()))).singleElement().asString()
            .contains("require_client_certificate: \"false\" (expected: true)");
    }

    @Test
    void refusesASanMatcherThatIsNotExact() throws Exception {
        Listener.Builder listener = wire(ResourceType.LISTENER, "inbound", Listener.class).toBuilder();
        var socket = listener.getFilterChainsBuilder(0).getTransportSocketBuilder();
        DownstreamTlsContext.Builder tls = socket.getTypedConfig().unpack(DownstreamTlsContext.class).toBuilder();
        tls.getCommonTlsContextBuilder().getCombinedValidationContextBuilder().getDefaultValidationContextBuilder()
            .getMatchTypedSubjectAltNamesBuilder(0).getMatcherBuilder().setPrefix("spiffe://mesh.local/");
        socket.setTypedConfig(Wire.pack(tls.build()));
        assertThat(problems(decode(ResourceType.LISTENER, "inbound", listener.build()))).first().asString()
            .contains("match_typed_subject_alt_names[0].matcher.prefix: is set");
    }

    @Test
    void refusesAClusterThatFindsItsEndpointsAnotherWay() {
        Cluster cluster = wire(ResourceType.CLUSTER, "plain", Cluster.class).toBuilder()
            .setType(Cluster.DiscoveryType.STRICT_DNS)
            .setLbPolicy(Cluster.LbPolicy.CLUSTER_PROVIDED)
            .setConnectTimeout(Duration.newBuilder().setSeconds(Long.MAX_VALUE))
            .build();
        assertThat(problems(decode(ResourceType.CLUSTER, "plain", cluster))).containsExactly(
            "clusters.plain.type: \"1\" (expected: EDS or ORIGINAL_DST)",
            "clusters.plain.lb_policy: \"6\" (expected: ROUND_ROBIN, LEAST_REQUEST, RANDOM, RING_HASH or MAGLEV)",
            "clusters.plain.connect_timeout: \"9223372036854775807s 0ns\" (expected: a duration)");
    }

    @Test
    void takesEnvoysDefaultsOfRingsAndTablesAndRefusesWhatItHasNotGot() {
        Cluster ring = wire(ResourceType.CLUSTER, "ring", Cluster.class);
        assertThat(hash("ring", ring.toBuilder().clearRingHashLbConfig().clearCommonLbConfig().build())).isEqualTo(ConsistentHash.DEFAULT);
        assertThat(hash("table", wire(ResourceType.CLUSTER, "table", Cluster.class).toBuilder().clearMaglevLbConfig().build())).isEqualTo(ConsistentHash.DEFAULT);

        Cluster.Builder strange = ring.toBuilder();
        strange.getRingHashLbConfigBuilder().setHashFunction(HashFunction.MURMUR_HASH_2).setMinimumRingSize(UInt64Value.of(-1));
        strange.getCommonLbConfigBuilder().setIgnoreNewHostsUntilFirstHc(true).getConsistentHashingLbConfigBuilder().setUseHostnameForHashing(true);
        assertThat(problems(decode(ResourceType.CLUSTER, "ring", strange.build()))).containsExactly(
            "clusters.ring.common_lb_config.ignore_new_hosts_until_first_hc: is set (expected: absent; this proxy does not have it)",
            "clusters.ring.ring_hash_lb_config.hash_function: \"1\" (expected: XX_HASH)",
            "clusters.ring.common_lb_config.consistent_hashing_lb_config.use_hostname_for_hashing: is set (expected: absent; this proxy does not have it)",
            "clusters.ring: minimum ring size: 2147483647 (expected: 1 to 8388608)");
        assertThat(problems(decode(ResourceType.CLUSTER, "plain", wire(ResourceType.CLUSTER, "plain", Cluster.class).toBuilder()
            .setRingHashLbConfig(ring.getRingHashLbConfig()).setCommonLbConfig(ring.getCommonLbConfig()).build()))).containsExactly(
                "clusters.plain.ring_hash_lb_config: is set (expected: absent, beside balancer round_robin)",
                "clusters.plain.common_lb_config.consistent_hashing_lb_config: is set (expected: absent, beside balancer round_robin)");
    }

    private static ConsistentHash hash(String name, Cluster message) {
        return ((mesh.model.Cluster) ((Decoded.Good<?>) decode(ResourceType.CLUSTER, name, message)).value()).hash();
    }

    @Test
    void refusesPartsOfAKeyThatItHasNotGot() {
        RouteConfiguration.Builder routes = wire(ResourceType.ROUTES, "all", RouteConfiguration.class).toBuilder();
        RouteAction.Builder action = routes.getVirtualHostsBuilder(0).getRoutesBuilder(0).getRouteBuilder();
        action.addHashPolicyBuilder().getQueryParameterBuilder().setName("user");
        action.addHashPolicyBuilder().getHeaderBuilder().setHeaderName("x-a").getRegexRewriteBuilder().setSubstitution("b");
        action.addHashPolicyBuilder().getConnectionPropertiesBuilder();
        action.addHashPolicyBuilder().getCookieBuilder().setName("s").addAttributesBuilder().setName("Secure");
        action.addHashPolicyBuilder();
        String at = "routes.all.virtual_hosts[0].routes[0].route.hash_policy";
        assertThat(problems(decode(ResourceType.ROUTES, "all", routes.build()))).containsExactly(
            at + "[0].query_parameter: is set (expected: absent; this proxy does not have it)",
            at + "[0]: names nothing to go by (expected: header, cookie or connection_properties)",
            at + "[1].header.regex_rewrite: is set (expected: absent, but for the URI of x-forwarded-client-cert)",
            at + "[2].connection_properties.source_ip: \"false\" (expected: true)",
            at + "[3].cookie.attributes: is set (expected: absent; this proxy does not have it)",
            at + "[4]: names nothing to go by (expected: header, cookie or connection_properties)");
    }

    @Test
    void readsTheProtocolAsAnEnvoyDoes() {
        assertThat(protocol(null)).as("without options").isEqualTo(UpstreamProtocol.HTTP1);
        assertThat(protocol(HttpProtocolOptions.newBuilder()
            .setUseDownstreamProtocolConfig(UseDownstreamHttpConfig.getDefaultInstance()).build()))
            .as("the client's, but without options for HTTP/2").isEqualTo(UpstreamProtocol.HTTP1);
        assertThat(protocol(HttpProtocolOptions.newBuilder().setExplicitHttpConfig(ExplicitHttpConfig.newBuilder()
            .setHttp2ProtocolOptions(Http2ProtocolOptions.newBuilder().setMaxConcurrentStreams(UInt32Value.of(100)))).build()))
            .isEqualTo(UpstreamProtocol.HTTP2);
    }

    private static UpstreamProtocol protocol(HttpProtocolOptions options) {
        Decoded<?> decoded = decode(ResourceType.CLUSTER, "plain", withOptions(options));
        return ((mesh.model.Cluster) ((Decoded.Good<?>) decoded).value()).connections().protocol();
    }

    @Test
    void refusesProtocolsThatItDoesNotSpeak() {
        HttpProtocolOptions auto = HttpProtocolOptions.newBuilder().setAutoConfig(AutoHttpConfig.getDefaultInstance()).build();
        HttpProtocolOptions three = HttpProtocolOptions.newBuilder().setExplicitHttpConfig(
            ExplicitHttpConfig.newBuilder().setHttp3ProtocolOptions(Http3ProtocolOptions.getDefaultInstance())).build();
        String at = "clusters.plain.typed_extension_protocol_options.";
        assertThat(problems(decode(ResourceType.CLUSTER, "plain", withOptions(auto))))
            .containsExactly(at + "auto_config: is set (expected: absent; this proxy does not have it)");
        assertThat(problems(decode(ResourceType.CLUSTER, "plain", withOptions(three)))).containsExactly(
            at + "explicit_http_config.http3_protocol_options: is set (expected: absent; this proxy does not have it)");
    }

    private static Cluster withOptions(HttpProtocolOptions options) {
        Cluster.Builder cluster = wire(ResourceType.CLUSTER, "plain", Cluster.class).toBuilder().clearTypedExtensionProtocolOptions();
        if (options != null) {
            cluster.putTypedExtensionProtocolOptions("envoy.extensions.upstreams.http.v3.HttpProtocolOptions", Wire.pack(options));
        }
        return cluster.build();
    }

    @Test
    void refusesATransportSocketMatchOnAnythingButTheIdentity() {
        Cluster.Builder cluster = wire(ResourceType.CLUSTER, "secure", Cluster.class).toBuilder();
        cluster.getTransportSocketMatchesBuilder(0).getMatchBuilder().putFields("tlsMode", Value.newBuilder().setStringValue("istio").build());
        assertThat(problems(decode(ResourceType.CLUSTER, "secure", cluster.build()))).singleElement().asString()
            .contains("transport_socket_matches[0].match").contains("tlsMode").endsWith("(expected: spiffe_id)");
    }

    @Test
    void refusesATransportSocketForOneIdentityThatAcceptsAnother() {
        Cluster.Builder cluster = wire(ResourceType.CLUSTER, "secure", Cluster.class).toBuilder();
        cluster.getTransportSocketMatchesBuilder(0).setTransportSocket(cluster.getTransportSocketMatches(1).getTransportSocket());
        assertThat(problems(decode(ResourceType.CLUSTER, "secure", cluster.build()))).singleElement().asString()
            .contains("transport_socket_matches[0].transport_socket").contains("exactly the identity that it is chosen by");
    }

    @Test
    void keepsEndpointsThatAreUnhealthyAsSuch() {
        ClusterLoadAssignment.Builder set = wire(ResourceType.ENDPOINTS, "secure", ClusterLoadAssignment.class).toBuilder();
        set.getEndpointsBuilder(0).getLbEndpointsBuilder(1).setHealthStatus(HealthStatus.DRAINING);
        Decoded<?> decoded = decode(ResourceType.ENDPOINTS, "secure", set.build());
        var whole = RICH.endpointsOf("secure");
        assertThat(decoded).isEqualTo(new Decoded.Good<>(new mesh.model.EndpointSet("secure",
            List.of(whole.get(0), whole.get(1).withHealth(EndpointHealth.DRAINING), whole.get(2)))));

        set.getEndpointsBuilder(0).setPriority(128);
        set.getEndpointsBuilder(0).getLbEndpointsBuilder(0).getEndpointBuilder().getAddressBuilder().getSocketAddressBuilder()
            .setProtocol(SocketAddress.Protocol.UDP);
        set.getEndpointsBuilder(0).getLbEndpointsBuilder(1).getEndpointBuilder().getHealthCheckConfigBuilder().setPortValue(81);
        assertThat(problems(decode(ResourceType.ENDPOINTS, "secure", set.build()))).containsExactly(
            "endpoints.secure.endpoints[0].priority: \"128\" (expected: 0 to 127)",
            "endpoints.secure.endpoints[0].lb_endpoints[0].endpoint.address.protocol: \"UDP\" (expected: TCP)",
            "endpoints.secure.endpoints[0].lb_endpoints[1].endpoint.health_check_config.port_value: is set (expected: absent; this proxy does not have it)");
    }

    @Test
    void refusesAMatcherThatWouldWidenARoute() {
        RouteConfiguration.Builder table = wire(ResourceType.ROUTES, "shop", RouteConfiguration.class).toBuilder();
        table.getVirtualHostsBuilder(0).getRoutesBuilder(0).getMatchBuilder().addHeaders(HeaderMatcher.newBuilder().setName("x-beta")
            .setTreatMissingHeaderAsEmpty(true));
        table.getVirtualHostsBuilder(0).getRoutesBuilder(1).getMatchBuilder().setCaseSensitive(BoolValue.of(false));
        assertThat(problems(decode(ResourceType.ROUTES, "shop", table.build()))).containsExactly(
            "routes.shop.virtual_hosts[0].routes[0].match.headers[0].treat_missing_header_as_empty: is set (expected: absent; this proxy does not have it)",
            "routes.shop.virtual_hosts[0].routes[1].match.case_sensitive: \"false\" (expected: true)");
    }

    @Test
    void readsARetryCountAsUnsigned() {
        RouteConfiguration.Builder table = wire(ResourceType.ROUTES, "shop", RouteConfiguration.class).toBuilder();
        table.getVirtualHostsBuilder(0).getRoutesBuilder(0).getRouteBuilder().getRetryPolicyBuilder()
            .setNumRetries(UInt32Value.of(-1)).setRetryOn("5xx, http3-post-connect-failure");
        assertThat(problems(decode(ResourceType.ROUTES, "shop", table.build()))).hasSize(2).anySatisfy(p -> assertThat(p).contains("\"http3-post-connect-failure\" (expected: one of"))
            .anySatisfy(p -> assertThat(p).contains("attempts: 2147483647 (expected: 1 to 10)"));
    }

    @Test
    void refusesOtherTrustDomainsWhereOnlyOnesOwnIsExpected() {
        Secret all = wire(ResourceType.TRUST, ResourceType.FEDERATED_TRUST_NAME, Secret.class).toBuilder().setName(ResourceType.TRUST_NAME).build();
        assertThat(problems(decode(ResourceType.TRUST, ResourceType.TRUST_NAME, all))).first().asString()
            .endsWith("trust_domains: has 2 trust domains (expected: one)");
    }

    @Test
    void refusesATrustBundleWithoutATrustDomain() {
        Secret.Builder secret = wire(ResourceType.TRUST, ResourceType.TRUST_NAME, Secret.class).toBuilder();
        secret.getValidationContextBuilder().clearCustomValidatorConfig().getTrustedCaBuilder().setInlineString("x");
        assertThat(problems(decode(ResourceType.TRUST, ResourceType.TRUST_NAME, secret.build()))).first().asString()
            .startsWith("trust.ROOTCA.validation_context.trusted_ca: is set");
    }

    static Decoded<?> decode(ResourceType type, String name, Message message) {
        return type.decode(name, Wire.pack(message));
    }

    private static <M extends Message> M wire(ResourceType type, String name, Class<M> message) {
        try {
            return type.encode(RICH, name).orElseThrow().body().unpack(message);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
        }
    }
}
