package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import mesh.v1.CreateJoinTokenResponse;

/**
 * What the injector makes of a pod, without a kubelet: a network of its own with the rules, a program that knows nothing of the mesh, and a sidecar
 * that runs as its own user. Its account has the pod's name. The control plane is reached by a wire of its own.
 */
final class MeshedPod implements AutoCloseable {

    private static final String UID = "1337";

    private final String name;
    private final String address;
    private final NetworkNamespace network = new NetworkNamespace();
    private final List<MeshProcess> processes = new ArrayList<>();

    /** @param address on the wire, with the bits of its network: {@code 10.78.0.1/24} */
    MeshedPod(String name, String address) {
        this.name = name;
        this.address = address.replaceAll("/.*", "");
    }

    NetworkNamespace network() {
        return network;
    }

    String address() {
        return address;
    }

    /** As the API server has it. */
    Pod object() {
        return new PodBuilder().withNewMetadata().withNamespace("shop").withName(name).addToLabels("app", name).endMetadata().withNewSpec()
            .withServiceAccountName(name).addNewInitContainer().withName("mesh-init").endInitContainer()
            .addNewInitContainer().withName("mesh-proxy").endInitContainer().addNewContainer().withName(name).endContainer().endSpec()
            .withNewStatus().withPodIP(address).endStatus().build();
    }

    /**
     * Starts its program and its sidecar, and installs the rules once it is ready.
     *
     * @param number of the network between it and this machine: 10.79.NUMBER.0/24
     */
    void start(ControlPlaneProcess controlPlane, Path dir, int number) throws IOException {
        Judge ip = Judge.find("ip", "the package iproute2");
        String wire = "mesh-" + ProcessHandle.current().pid() % 100_000 + "-" + number;
        network.run("ip", "link", "add", "name", "control", "type", "veth", "peer", "name", wire, "netns", Long.toString(ProcessHandle.current().pid()));
        network.run("ip", "addr", "add", "10.79." + number + ".2/24", "dev", "control");
        network.run("ip", "link", "set", "control", "up");
        ip.mustDo("", List.of("addr", "add", "10.79." + number + ".1/24", "dev", wire));
        ip.mustDo("", List.of("link", "set", wire, "up"));

        program(List.of(java(), "-cp", System.getProperty("java.class.path"), "-XX:+UseSerialGC", "-Xmx32m", PlainWorkload.class.getName(), name, "8080",
            "8082")).awaitLine(Pattern.compile("^ready"));
        String workload = "ns/shop/sa/" + name;
        CreateJoinTokenResponse token = controlPlane.token(workload);
        Path home = Files.createDirectories(dir.resolve(name));
        Files.setAttribute(home, "unix:uid", Integer.parseInt(UID));
        Path file = Files.writeString(home.resolve("token"), token.getToken());
        // It may read what the test's user may read, wherever the project lies, and write where it lives.
        MeshProcess sidecar = program(List.of("setpriv", "--reuid", UID, "--regid", UID, "--clear-groups", "--inh-caps", "-all,+dac_read_search",
            "--ambient-caps", "+dac_read_search", "--bounding-set", "-all,+dac_read_search",
            java(), "-XX:+UseSerialGC", "-Xmx160m", "-XX:MaxDirectMemorySize=64m", "-Dmesh.parent=" + ProcessHandle.current().pid(), "-jar", jar(),
            "proxy", "start", "--control-plane", "10.79." + number + ".1:" + controlPlane.tls().port(), "--workload", workload, "--node", name + ".shop",
            "--join-token-file", file.toString(), "--ca-pin", token.getCaPin(), "--state-dir", home.resolve("state").toString(), "--concurrency", "1"));
        sidecar.awaitLine(Pattern.compile("listener kubernetes/inbound/" + workload + " on"));
        List<String> rules = List.of("intercept", "install", "--proxy-uid", UID, "--exclude-inbound-ports", "15021");
        List<String> command = new ArrayList<>(List.of(java(), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-jar", jar()));
        command.addAll(rules);
        assertThat(network.run(command.toArray(String[]::new))).contains("rules installed");
    }

    private MeshProcess program(List<String> command) {
        MeshProcess process = MeshProcess.start(name, network.inside(command));
        processes.add(process);
        return process;
    }

    /** What its program is told by one that it calls. */
    String get(String address) {
        return network.run("curl", "-sS", "--max-time", "10", "http://" + address + "/");
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private static String jar() {
        return MeshProcess.ROOT.resolve("data-plane/target/quarkus-app/quarkus-run.jar").toString();
    }

    @Override
    public void close() {
        processes.forEach(MeshProcess::close);
        network.close();
    }
}
