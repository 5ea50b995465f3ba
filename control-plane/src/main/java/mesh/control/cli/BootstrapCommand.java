package mesh.control.cli;

import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import mesh.model.Address;
import mesh.model.TrustDomain;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code mesh bootstrap …}: the file with which a client that is not ours finds its control plane. */
@Command(
    name = "bootstrap",
    description = "Writes the file with which an Envoy or a proxyless gRPC client finds the control plane.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {BootstrapCommand.Grpc.class, BootstrapCommand.Envoy.class})
final class BootstrapCommand {

    /** Who subscribes, where, and with which files. */
    private static final class Subscriber {

        @Option(names = "--node", required = true, paramLabel = "NAME", description = "how the client calls itself, as in mesh proxy-status")
        private String node;

        @Option(names = "--workload", paramLabel = "NAME",
            description = "whose configuration it gets, on the plaintext port; on the TLS port its certificate says so (default: the node's name)")
        private String workload;

        @Option(names = "--server", required = true, paramLabel = "HOST:PORT",
            description = "of the control plane: its plaintext port on this machine, or its TLS port with --tls")
        private Address server;

        @Option(names = "--tls", description = "speak TLS to the control plane; needs the three files")
        private boolean tls;

        @Option(names = "--cacert", paramLabel = "FILE", description = "roots.pem, as mesh certificate create writes it")
        private Path authority;

        @Option(names = "--cert", paramLabel = "FILE", description = "the workload's certificate, for mTLS with what it calls")
        private Path certificate;

        @Option(names = "--key", paramLabel = "FILE", description = "its key")
        private Path key;

        @Option(names = "--out", paramLabel = "FILE", description = "where it goes (default: standard output)")
        private Path out;

        @Spec(Spec.Target.MIXEE)
        private CommandSpec spec;

        void check() {
            boolean all = authority != null && certificate != null && key != null;
            boolean none = authority == null && certificate == null && key == null;
            if (!all && !none || tls && none) {
                throw new CommandFailure("--cacert, --cert, --key: (expected: all three" + (tls ? ", beside --tls)" : ", or none)"));
            }
        }

        boolean hasFiles() {
            return key != null;
        }

        String workload() {
            return workload == null ? node : workload;
        }

        String host() {
            return server.host().isEmpty() ? "127.0.0.1" : server.host();
        }

        /** Absolute: whoever reads the file may be anywhere. */
        static String path(Path file) {
            return file.toAbsolutePath().normalize().toString();
        }

        void write(String text) throws IOException {
            if (out == null) {
                PrintWriter print = spec.commandLine().getOut();
                print.print(text);
                print.flush();
            } else {
                Files.writeString(out, text);
            }
        }
    }

    /** {@code mesh bootstrap grpc}: as every gRPC implementation reads it (gRFC A27; A65 for TLS to the server, A29 for mTLS). */
    @Command(
        name = "grpc",
        description = "Writes the JSON that GRPC_XDS_BOOTSTRAP names, for applications that call xds:/// targets.",
        mixinStandardHelpOptions = true)
    static final class Grpc implements Callable<Integer> {

        @Mixin
        private Subscriber of;

        @Override
        public Integer call() throws IOException {
            of.check();
            JsonObject bootstrap = new JsonObject()
                .put("xds_servers", new JsonArray().add(new JsonObject()
                    .put("server_uri", new Address(of.host(), of.server.port()).toString())
                    .put("channel_creds", new JsonArray().add(credentials()))
                    .put("server_features", new JsonArray().add("xds_v3"))))
                // grpc-js does not begin without a locality, if only an empty one.
                .put("node", new JsonObject().put("id", of.node).put("cluster", of.workload()).put("locality", new JsonObject()));
            if (of.hasFiles()) {
                // The name that the mesh's clusters ask for.
                bootstrap.put("certificate_providers", new JsonObject().put("default", new JsonObject()
                    .put("plugin_name", "file_watcher").put("config", files())));
            }
            of.write(bootstrap.encodePrettily() + "\n");
            return 0;
        }

        private JsonObject credentials() {
            return of.tls ? new JsonObject().put("type", "tls").put("config", files()) : new JsonObject().put("type", "insecure");
        }

        private JsonObject files() {
            return new JsonObject()
                .put("certificate_file", Subscriber.path(of.certificate))
                .put("private_key_file", Subscriber.path(of.key))
                .put("ca_certificate_file", Subscriber.path(of.authority))
                .put("refresh_interval", "60s");
        }
    }

    /** {@code mesh bootstrap envoy}: everything by the aggregated stream; its certificate is the static secret that listeners ask for. */
    @Command(
        name = "envoy",
        description = "Writes the YAML for envoy --config-path.",
        mixinStandardHelpOptions = true)
    static final class Envoy implements Callable<Integer> {

        @Mixin
        private Subscriber of;

        @Option(names = "--trust-domain", paramLabel = "NAME", defaultValue = "mesh.local",
            description = "of the control plane, whose identity an Envoy checks (default: ${DEFAULT-VALUE})")
        private TrustDomain trustDomain;

        @Option(names = "--admin-listen", paramLabel = "HOST:PORT", defaultValue = "127.0.0.1:0",
            description = "of the Envoy's own admin (default: ${DEFAULT-VALUE}, any free port)")
        private Address admin;

        @Override
        public Integer call() throws IOException {
            of.check();
            of.write("""
                node: {id: %s, cluster: %s}
                admin: {address: {socket_address: {address: %s, port_value: %d}}}
                dynamic_resources:
                  ads_config:
                    api_type: DELTA_GRPC
                    transport_api_version: V3
                    set_node_on_first_message_only: true
                    grpc_services: [{envoy_grpc: {cluster_name: mesh-control-plane}}]
                  cds_config: {resource_api_version: V3, ads: {}}
                  lds_config: {resource_api_version: V3, ads: {}}
                static_resources:
                  clusters:
                    - name: mesh-control-plane
                      type: STRICT_DNS
                      load_assignment:
                        cluster_name: mesh-control-plane
                        endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: %s, port_value: %d}}}}]}]
                      typed_extension_protocol_options:
                        envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
                          "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
                          explicit_http_config: {http2_protocol_options: {connection_keepalive: {interval: 30s, timeout: 10s}}}
                """.formatted(text(of.node), text(of.workload()), text(admin.host().isEmpty() ? "127.0.0.1" : admin.host()), admin.port(),
                text(of.host()), of.server.port())
                + (of.tls ? transport() : "") + (of.hasFiles() ? secret() : ""));
            return 0;
        }

        private String transport() {
            return """
                      transport_socket:
                        name: envoy.transport_sockets.tls
                        typed_config:
                          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
                          common_tls_context:
                            tls_params: {tls_minimum_protocol_version: TLSv1_3, tls_maximum_protocol_version: TLSv1_3}
                            tls_certificates: [{certificate_chain: {filename: %s}, private_key: {filename: %s}}]
                            validation_context:
                              trusted_ca: {filename: %s}
                              match_typed_subject_alt_names: [{san_type: URI, matcher: {exact: %s}}]
                """.formatted(file(of.certificate), file(of.key), file(of.authority), text(trustDomain.uri() + "/control-plane"));
        }

        private String secret() {
            return """
                  secrets:
                    - name: default
                      tls_certificate: {certificate_chain: {filename: %s}, private_key: {filename: %s}}
                """.formatted(file(of.certificate), file(of.key));
        }

        private static String file(Path file) {
            return text(Subscriber.path(file));
        }

        /** A string of JSON is one of YAML. */
        private static String text(String value) {
            return Json.encode(value);
        }
    }
}
