package mesh.e2e;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.model.Address;
import mesh.v1.CreateJoinTokenResponse;

/** A sidecar process and where it shows itself. */
final class SidecarProcess implements AutoCloseable {

    private static final Pattern STARTED = Pattern.compile("sidecar started: .*admin=([^,}]+).*health=([^,}]+).*metrics=([^,}]+)");
    private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final String node;
    private final List<String> options;
    private final MeshProcess process;
    private final Address admin;
    private final Address health;
    private final Address metrics;

    private SidecarProcess(String node, List<String> options, MeshProcess process) {
        this.node = node;
        this.options = options;
        this.process = process;
        Matcher started = process.awaitLine(STARTED);
        this.admin = Address.parse(started.group(1));
        this.health = Address.parse(started.group(2));
        this.metrics = Address.parse(started.group(3));
    }

    /** One that gets its identity and its configuration from a control plane. */
    static SidecarProcess of(ControlPlaneProcess controlPlane, String workload, String node, Path dir, String... more) throws IOException {
        CreateJoinTokenResponse token = controlPlane.token(workload);
        Path file = Files.writeString(dir.resolve(node + ".token"), token.getToken());
        List<String> words = new ArrayList<>(List.of("--control-plane", controlPlane.tls().toString(), "--workload", workload, "--node", node,
            "--join-token-file", file.toString(), "--ca-pin", token.getCaPin(), "--state-dir", dir.resolve(node).toString()));
        words.addAll(List.of(more));
        return start(node, words);
    }

    /** As above, but what it has is its pod's token. */
    static SidecarProcess ofServiceAccount(ControlPlaneProcess controlPlane, String workload, Path token, Path stateDir) {
        return start("pod", List.of("--control-plane", controlPlane.tls().toString(), "--workload", workload, "--node", "pod",
            "--service-account-token-file", token.toString(), "--ca-pin", controlPlane.token("any").getCaPin(), "--state-dir", stateDir.toString()));
    }

    /** One that has its configuration from a control plane on this machine, and no certificate. */
    static SidecarProcess ofPlaintext(Address controlPlane, String workload, String node, Path stateDir) {
        return start(node, List.of("--control-plane", controlPlane.toString(), "--workload", workload, "--node", node, "--state-dir", stateDir.toString()));
    }

    /** One that has nothing but a file. */
    static SidecarProcess of(Path config, String... more) {
        List<String> words = new ArrayList<>(List.of("--config", config.toString()));
        words.addAll(List.of(more));
        return start("standalone", words);
    }

    private static SidecarProcess start(String node, List<String> options) {
        List<String> words = new ArrayList<>(List.of("proxy", "start"));
        for (String listener : List.of("--admin-listen", "--metrics-listen", "--health-listen")) {
            if (!options.contains(listener)) words.addAll(List.of(listener, "127.0.0.1:0"));
        }
        if (!options.contains("--drain-delay")) words.addAll(List.of("--drain-delay", "0s"));
        words.addAll(options);
        return new SidecarProcess(node, options, MeshProcess.dataPlane(words.toArray(String[]::new)));
    }

    /** The same again, which has to be gone. */
    SidecarProcess again() {
        return start(node, options);
    }

    String node() {
        return node;
    }

    MeshProcess process() {
        return process;
    }

    Address health() {
        return health;
    }

    String metrics() throws IOException, InterruptedException {
        return get(metrics, "/metrics");
    }

    /** The value of one series, as it is written in the text; -1 when it is not there. */
    double metric(String series) throws IOException, InterruptedException {
        return metrics().lines().filter(line -> line.startsWith(series + " ")).findFirst()
            .map(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))).orElse(-1.0);
    }

    /** All series whose text begins so, added up. */
    double sum(String series) throws IOException, InterruptedException {
        return metrics().lines().filter(line -> line.startsWith(series)).mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))).sum();
    }

    String admin(String path) throws IOException, InterruptedException {
        return get(admin, path);
    }

    /** Has something done by the admin. */
    void post(String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + admin + path)).timeout(Duration.ofSeconds(10))
            .POST(HttpRequest.BodyPublishers.noBody()).build();
        HttpResponse<String> response = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != 200) throw new IOException(path + ": " + response.statusCode() + " " + response.body());
    }

    int readiness() throws IOException, InterruptedException {
        return HTTP.send(request(health, "/ready"), HttpResponse.BodyHandlers.ofString()).statusCode();
    }

    private static String get(Address address, String path) throws IOException, InterruptedException {
        return HTTP.send(request(address, path), HttpResponse.BodyHandlers.ofString()).body();
    }

    private static HttpRequest request(Address address, String path) {
        return HttpRequest.newBuilder(URI.create("http://" + address + path)).timeout(Duration.ofSeconds(10)).build();
    }

    @Override
    public void close() {
        process.close();
    }
}
