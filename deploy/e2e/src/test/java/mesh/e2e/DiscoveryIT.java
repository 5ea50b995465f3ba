package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.grpc.StatusRuntimeException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import mesh.dns.NameServer;
import mesh.model.Address;
import mesh.v1.Cluster;
import mesh.v1.Config;
import mesh.v1.Discovery;
import mesh.v1.DnsDiscovery;
import mesh.v1.Endpoint;
import mesh.v1.FileDiscovery;
import mesh.v1.GetConfigRequest;
import mesh.v1.Listener;
import mesh.v1.PutEndpointRequest;
import mesh.v1.Scope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sidecar's requests go where DNS and files say, and stay there while these say nothing that can be used. */
class DiscoveryIT {

    private static final String SERVICE = "_http._tcp.payments.test";

    private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @TempDir
    private Path dir;

    @Test
    void endpointsComeFromNameServersAndFiles() throws Exception {
        Address byDns = Ports.free();
        Address byFile = Ports.free();
        Path files = Files.createDirectory(dir.resolve("endpoints"));
        try (NameServer names = new NameServer(); HttpService one = new HttpService("one"); HttpService two = new HttpService("two")) {
            names.host("host.test", 1, "127.0.0.1");
            names.service(SERVICE, 1, record(10, one), record(20, two));
            write(files, one);
            try (ControlPlaneProcess controlPlane = new ControlPlaneProcess(dir.resolve("data"), "--dns-server", "127.0.0.1:" + names.port(),
                "--endpoints-dir", files.toString());
                SidecarProcess web = SidecarProcess.of(controlPlane, "web", "web-1", dir)) {
                controlPlane.apply(config(byDns, byFile));
                reaches(byDns, "one");
                reaches(byFile, "one");
                assertThat(endpoints(controlPlane, "dns")).extracting(Endpoint::getAddress, Endpoint::getWeight, Endpoint::getPriority).containsExactly(
                    tuple(one.address().toString(), 5, 0), tuple(two.address().toString(), 5, 1));

                names.service(SERVICE, 1, record(10, two));
                write(files, two);
                reaches(byDns, "two");
                reaches(byFile, "two");

                names.silent(true);
                Files.writeString(files.resolve("payments.yaml"), "endpoints:\n- {address: nowhere}\n");
                controlPlane.process().awaitLine(Pattern.compile(
                    ".*payments.yaml:2:13 endpoints\\[0\\].address: \"nowhere\" \\(expected: host:port.*"));
                controlPlane.process().awaitLine(Pattern.compile(".*cluster dns.*keeps the endpoints it has.*"));
                // A whole configuration in place of another leaves alone what was found out.
                controlPlane.awaitSync(controlPlane.apply(config(byDns, byFile)), web.node());
                assertThat(get(byDns)).isEqualTo("two");
                assertThat(get(byFile)).isEqualTo("two");

                assertThat(refusal(controlPlane)).contains("\"dns\" has the endpoints that are found out by DNS, " + SERVICE);
            }
        }
    }

    private static String refusal(ControlPlaneProcess controlPlane) {
        try {
            return controlPlane.admin().putEndpoint(PutEndpointRequest.newBuilder().setCluster("dns")
                .setEndpoint(Endpoint.newBuilder().setAddress("10.0.0.1:1")).build()).toString();
        } catch (StatusRuntimeException e) {
            return e.getMessage();
        }
    }

    private static String record(int priority, HttpService service) {
        return priority + " 5 " + service.address().port() + " host.test";
    }

    /** Moved into place, as whoever writes such files should. */
    private static void write(Path files, HttpService service) throws Exception {
        Path made = Files.writeString(files.resolve("new"), "endpoints:\n- {address: \"" + service.address() + "\"}\n");
        Files.move(made, files.resolve("payments.yaml"), StandardCopyOption.ATOMIC_MOVE);
    }

    private static String get(Address listener) throws Exception {
        return HTTP.send(HttpRequest.newBuilder(URI.create("http://" + listener + "/")).build(), HttpResponse.BodyHandlers.ofString()).body();
    }

    private static void reaches(Address listener, String service) {
        await().atMost(Duration.ofSeconds(30)).ignoreExceptions()
            .untilAsserted(() -> assertThat(get(listener)).isEqualTo(service));
    }

    private static List<Endpoint> endpoints(ControlPlaneProcess controlPlane, String cluster) {
        return controlPlane.admin().getConfig(GetConfigRequest.getDefaultInstance()).getConfig().getClustersList().stream()
            .filter(each -> each.getName().equals(cluster)).findFirst().orElseThrow().getEndpointsList();
    }

    private static Config config(Address byDns, Address byFile) {
        return Config.newBuilder().addListeners(listener("dns", byDns)).addListeners(listener("file", byFile))
            .addClusters(Cluster.newBuilder().setName("dns").setDiscovery(Discovery.newBuilder().setDns(DnsDiscovery.newBuilder().setHostname(SERVICE))))
            .addClusters(Cluster.newBuilder().setName("file")
                .setDiscovery(Discovery.newBuilder().setFile(FileDiscovery.newBuilder().setName("payments.yaml"))))
            .build();
    }

    private static Listener listener(String cluster, Address listen) {
        return Listener.newBuilder().setName(cluster).setListen(listen.toString()).setScope(Scope.newBuilder().setWorkload("web"))
            .setCluster(cluster).build();
    }
}
