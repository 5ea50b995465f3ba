package mesh.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import mesh.control.admin.AdminServer;
import mesh.xds.ResourceType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What operators see of one client that is connected. */
class ProxyConfigTest {

    private static final String CONFIG = """
        {"listeners": [{"name": "web", "listen": "127.0.0.1:15001", "route": "shop"}],
         "routes": [{"name": "shop", "virtual_hosts": [{"name": "all", "hosts": ["*"], "routes": [
            {"name": "pay", "prefix": "/pay/", "cluster": "payments", "retry": {"attempts": 3}}]}]}],
         "clusters": [{"name": "payments", "circuit_breaker": {"window_size": 10}, "endpoints": [{"address": "10.0.0.7:9001", "weight": 2}]}]}
        """;

    @TempDir
    Path temp;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private AdminServer server;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws Exception {
        server = new AdminServer();
        channel = NettyChannelBuilder.forTarget(server.address()).usePlaintext().build();
        call("config", "apply", Files.writeString(temp.resolve("mesh.json"), CONFIG).toString());
        out.getBuffer().setLength(0);
    }

    @AfterEach
    void stop() throws Exception {
        channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        server.close();
    }

    @Test
    void showsWhatASidecarWasSent() throws Exception {
        Subscriber envoy = new Subscriber(channel, "web-1", "envoy");
        envoy.ask(ResourceType.CLUSTER);
        server.awaitAcknowledged(ResourceType.CLUSTER);
        envoy.ask(ResourceType.ENDPOINTS, "payments", "gone");
        server.awaitAcknowledged(ResourceType.ENDPOINTS);
        envoy.ask(ResourceType.LISTENER);
        server.awaitAcknowledged(ResourceType.LISTENER);
        envoy.ask(ResourceType.ROUTES, "shop");
        server.awaitAcknowledged(ResourceType.ROUTES);

        assertThat(call("proxy-config", "web-1", "listeners")).isZero();
        assertThat(out.toString()).matches("""
            NAME  ADDRESS +LEADS TO +TLS  VERSION +STATE
            web   127.0.0.1:15001  routes shop  -    [0-9a-f]{16}  acked
            """);
        assertThat(show("routes")).isEqualTo("""
            TABLE  HOSTS  ROUTE  MATCH   TO        STATE
            shop   *      pay    /pay/*  payments  acked
            """);
        assertThat(show("clusters")).contains("payments  round_robin  -    ");
        assertThat(show("endpoints")).isEqualTo("""
            CLUSTER   ADDRESS        WEIGHT  PRIORITY  HEALTH   STATE
            gone      none           -       -         -        acked
            payments  10.0.0.7:9001  2       0         unknown  acked
            """);
        assertThat(show("routes", "-o", "json")).contains("\"generic_xds_configs\"", "\"@type\": \"type.googleapis.com/envoy.config.route.v3.RouteConfiguration\"")
            .doesNotContain("envoy.config.cluster.v3.Cluster");
        assertThat(show()).contains("LISTENERS\n", "SECRETS\n");
        assertThat(show("-o", "json")).contains("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager");
    }

    @Test
    void showsWhatAGrpcClientWouldIgnore() throws Exception {
        Subscriber client = new Subscriber(channel, "web-1", "gRPC Java");
        client.ask(ResourceType.LISTENER, "shop");
        server.awaitAcknowledged(ResourceType.LISTENER);
        client.ask(ResourceType.CLUSTER, "payments");
        server.awaitAcknowledged(ResourceType.CLUSTER);
        client.ask(ResourceType.ROUTES, "shop");
        server.awaitAcknowledged(ResourceType.ROUTES);

        assertThat(call("proxy-status", "web-1")).isZero();
        assertThat(out.toString())
            .startsWith("web-1, workload web, no certificate, grpc (gRPC Java 1.2.3), in sync, connected since ")
            .contains("CDS   in sync  1     1             1          -\n")
            .contains("ignores CDS payments circuit_breaker: ")
            .contains("ignores RDS shop virtual_hosts.all.routes.pay.retry: only calls that no server has begun are repeated\n")
            .endsWith("\nconfig version 1\n");
        assertThat(show("listeners")).contains("shop  no socket  routes shop");
    }

    @Test
    void showsWhatAnEnvoyWouldIgnoreAndWhatItRefused() throws Exception {
        Subscriber envoy = new Subscriber(channel, "web-1", "envoy");
        envoy.ask(ResourceType.ROUTES, "shop");
        server.awaitAcknowledged(ResourceType.ROUTES);
        envoy.refuse(ResourceType.CLUSTER, "clusters.payments: no");
        server.awaitRejection();

        assertThat(call("proxy-status", "web-1")).isZero();
        assertThat(out.toString())
            .contains("CDS   rejected  1     0             1          -\n")
            .contains("rejected CDS: clusters.payments: no\n")
            .contains("ignores CDS payments circuit_breaker: is a policy of the mesh's own, which an Envoy does not know\n");
        out.getBuffer().setLength(0);
        assertThat(show("clusters")).endsWith("nacked\nrejected version 1: clusters.payments: no\n");
        assertThat(call("proxy-status", "web-1", "-o", "json")).isZero();
        assertThat(out.toString()).contains("\"kind\": \"envoy\"", "\"rejection\": \"clusters.payments: no\"");
    }

    @Test
    void saysWhenNobodyOfThatNameIsConnected() {
        assertThat(call("proxy-config", "web-9")).isEqualTo(1);
        assertThat(call("proxy-status", "web-9")).isEqualTo(1);
        assertThat(err.toString()).contains("no sidecar \"web-9\" is connected").contains("connected sidecar \"web-9\" (expected: one of [])");
    }

    private String show(String... words) {
        out.getBuffer().setLength(0);
        List<String> all = new ArrayList<>(List.of("proxy-config", "web-1"));
        all.addAll(Arrays.asList(words));
        assertThat(call(all.toArray(String[]::new))).as(err.toString()).isZero();
        return out.toString();
    }

    private int call(String... words) {
        return MeshCall.to(server.address(), out, err, words);
    }
}
