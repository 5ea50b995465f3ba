package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import mesh.model.Address;
import mesh.pki.PemFiles;
import mesh.pki.Svid;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/**
 * What stands beside a sidecar has its identity from it and no code of ours: a Go application with its SPIFFE library, and a real Envoy.
 * {@code edge} is what they are; the sidecar of {@code payments} lets in nobody else.
 */
@TestInstance(Lifecycle.PER_CLASS)
class WorkloadApiIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private Path dir;
    private Identities identities;
    private Path socket;
    private Address in;
    private Address out;
    private Address envoyIn;
    private Address envoyOut;
    private HttpService application;
    private SidecarProcess edge;
    private SidecarProcess payments;

    @BeforeAll
    void start(@TempDir Path directory) throws IOException {
        dir = directory;
        in = Ports.free();
        out = Ports.free();
        envoyIn = Ports.free();
        envoyOut = Ports.free();
        identities = new Identities(dir.resolve("certs"));
        socket = dir.resolve("run").resolve("workload.sock");
        application = new HttpService("payments");
        Path edgeConfig = Files.writeString(dir.resolve("edge.yaml"), """
            listeners: [{name: none, listen: "%s", cluster: none}]
            clusters: [{name: none}]
            %s
            """.formatted(Ports.free(), identities.yaml("edge")));
        Path paymentsConfig = Files.writeString(dir.resolve("payments.yaml"), """
            listeners:
              - {name: in, listen: "%s", cluster: app, tls: {allow: ["spiffe://mesh.local/edge"]}}
              - {name: out, listen: "%s", cluster: edge}
            clusters:
              - {name: app, endpoints: [{address: "%s"}]}
              - {name: edge, connectTimeout: 10s, endpoints: [{address: "%s", spiffeId: "spiffe://mesh.local/edge"}]}
            %s
            """.formatted(in, out, application.address(), envoyIn, identities.yaml("payments")));
        edge = SidecarProcess.of(edgeConfig, "--workload-api-socket", socket.toString(), "--log-level", "trace");
        payments = SidecarProcess.of(paymentsConfig);
    }

    @AfterAll
    void stop() {
        if (payments != null) payments.close();
        if (edge != null) edge.close();
        if (application != null) application.close();
    }

    @Test
    void aGoApplicationHasItsIdentityAndTheNextOneAndIsLetIn() throws Exception {
        String client = Judge.find("mesh-spiffe-client", "cd deploy/e2e/src/test/go && go install ./...").program().toString();
        String endpoint = "SPIFFE_ENDPOINT_SOCKET=unix://" + socket;
        try (MeshProcess watch = MeshProcess.start("spiffe-client", List.of("/usr/bin/env", endpoint, client, "watch", "2"))) {
            watch.awaitLine(Pattern.compile("identity spiffe://mesh.local/edge " + serial() + " 1"));
            identities.issue("edge");
            watch.awaitLine(Pattern.compile("identity spiffe://mesh.local/edge " + serial() + " 1"));
            assertThat(watch.exitCode()).isZero();
        }
        try (MeshProcess get = MeshProcess.start("spiffe-client", List.of("/usr/bin/env", endpoint, client, "get", "https://" + in + "/",
            "spiffe://mesh.local/payments"))) {
            assertThat(get.exitCode()).as(get.log()).isZero();
            assertThat(get.log()).contains("HTTP/2.0 200 payments");
        }
        assertThatNoKeyIsInTheLog();
    }

    @Test
    void anEnvoyHasItsCertificatesAndTheNextOnesAndTalksToAStrictSidecarBothWays() throws Exception {
        Path home = Files.createDirectory(dir.resolve("envoy"));
        try (HttpService behind = new HttpService("behind the Envoy"); EnvoyProcess envoy = EnvoyProcess.start(home, bootstrap(behind.address()))) {
            servesBothWays(envoy);
            identities.issue("edge");
            String next = serial();
            await().atMost(PATIENCE).untilAsserted(() ->
                // Its listener has it in one variant of SDS, its cluster in the other.
                assertThat(envoy.admin("/certs").split("\"serial_number\": \"0?" + next + "\"", -1)).as(envoy.log()).hasSize(3));
            servesBothWays(envoy);
        }
        assertThatNoKeyIsInTheLog();
    }

    private void servesBothWays(EnvoyProcess envoy) {
        await().atMost(PATIENCE).ignoreExceptions().untilAsserted(() -> assertThat(get(envoyOut)).as(envoy.log()).isEqualTo("payments"));
        await().atMost(PATIENCE).ignoreExceptions().untilAsserted(() -> assertThat(get(out)).as(envoy.log()).isEqualTo("behind the Envoy"));
    }

    private String bootstrap(Address behind) {
        return """
            node: {id: edge-1, cluster: edge}
            admin: {address: {socket_address: {address: 127.0.0.1, port_value: 0}}}
            static_resources:
              listeners:
                - name: in
                  address: {socket_address: {address: %s, port_value: %d}}
                  filter_chains:
                    - filters: [%s]
                      transport_socket:
                        name: envoy.transport_sockets.tls
                        typed_config:
                          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
                          require_client_certificate: true
                          common_tls_context: %s
                - name: out
                  address: {socket_address: {address: %s, port_value: %d}}
                  filter_chains: [{filters: [%s]}]
              clusters:
                - name: sidecar
                  type: STATIC
                  load_assignment: {cluster_name: sidecar, endpoints: [{lb_endpoints: [{endpoint: {address: {pipe: {path: "%s"}}}}]}]}
                  typed_extension_protocol_options: &http2
                    envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
                      "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
                      explicit_http_config: {http2_protocol_options: {}}
                - name: behind
                  type: STATIC
                  load_assignment: {cluster_name: behind, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: %s, port_value: %d}}}}]}]}
                - name: payments
                  type: STATIC
                  typed_extension_protocol_options: *http2
                  load_assignment: {cluster_name: payments, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: %s, port_value: %d}}}}]}]}
                  transport_socket:
                    name: envoy.transport_sockets.tls
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
                      common_tls_context: %s
            """.formatted(envoyIn.host(), envoyIn.port(), manager("behind"), tls("GRPC", "h2, http/1.1"), envoyOut.host(), envoyOut.port(), manager("payments"), socket,
                behind.host(), behind.port(), in.host(), in.port(), tls("DELTA_GRPC", "h2"));
    }

    private static String manager(String cluster) {
        return """
            {name: http, typed_config: {
              "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager, stat_prefix: http,
              route_config: {virtual_hosts: [{name: all, domains: ["*"], routes: [{match: {prefix: /}, route: {cluster: %s}}]}]},
              http_filters: [{name: router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}]}}"""
            .formatted(cluster).replace("\n", " ");
    }

    /**
     * Of both sides, whose other end is payments.
     *
     * @param variant   of SDS
     * @param protocols by ALPN; of a cluster only the one that it speaks, as the other end would choose another
     */
    private static String tls(String variant, String protocols) {
        String sds = "sds_config: {resource_api_version: V3, api_config_source: {api_type: " + variant
            + ", transport_api_version: V3, grpc_services: [{envoy_grpc: {cluster_name: sidecar}}]}}";
        return """
            {tls_params: {tls_minimum_protocol_version: TLSv1_3, tls_maximum_protocol_version: TLSv1_3}, alpn_protocols: [%s],
             tls_certificate_sds_secret_configs: [{name: default, %s}],
             combined_validation_context: {
               default_validation_context: {match_typed_subject_alt_names: [{san_type: URI, matcher: {exact: "spiffe://mesh.local/payments"}}]},
               validation_context_sds_secret_config: {name: ROOTCA, %s}}}""".formatted(protocols, sds, sds).replace("\n", " ");
    }

    private static String get(Address address) throws IOException, InterruptedException {
        return HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create("http://" + address + "/")).build(), BodyHandlers.ofString()).body();
    }

    /** Of the certificate that edge's files have now. */
    private String serial() throws IOException {
        return current().leaf().getSerialNumber().toString(16);
    }

    private Svid current() throws IOException {
        return PemFiles.svid(identities.file("edge"), identities.file("edge"));
    }

    /** At the level that says most. */
    private void assertThatNoKeyIsInTheLog() throws IOException {
        byte[] key = current().key().getEncoded();
        String base64 = Base64.getEncoder().encodeToString(key);
        String log = edge.process().log();
        // The middle of it, with the secret number and not the name of the curve.
        String hex = HexFormat.of().formatHex(key, key.length / 2, key.length / 2 + 8);
        assertThat(log).contains("TRACE").doesNotContain("PRIVATE KEY").doesNotContain(base64.substring(40, 64)).doesNotContain(hex);
    }
}
