package mesh.control.up;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.model.Address;
import mesh.v1.AdminServiceGrpc;
import mesh.v1.ApplyConfigRequest;
import mesh.v1.Config;
import mesh.v1.CreateJoinTokenRequest;
import mesh.v1.CreateJoinTokenResponse;
import mesh.v1.ListSidecarsRequest;
import mesh.v1.ListSidecarsResponse;

/** A control plane, two services in three instances and a sidecar for each, all on this machine. */
final class LocalMesh implements AutoCloseable {

    /** A workload's instance and where its sidecar shows itself. */
    record Instance(String workload, String node, Address admin, Address metrics) {}

    private static final String TRUST_DOMAIN = "mesh.local";
    private static final Map<String, String> WORKLOADS = workloads();
    private static final Pattern CONTROL_PLANE_READY = Pattern.compile("control plane ready: tls (\\S+), plaintext (\\S+), metrics (\\S+),");
    private static final Pattern SIDECAR_READY = Pattern.compile("sidecar started: .*admin=([^,}]+).*metrics=([^,}]+)");
    private static final long START_SECONDS = 120;
    private static final Duration SYNC_TIMEOUT = Duration.ofSeconds(60);

    private final Path launcher;
    private final Path dir;
    private final List<Child> children = new ArrayList<>();
    private final List<AutoCloseable> services = new ArrayList<>();
    private final List<Instance> instances = new ArrayList<>();
    private ManagedChannel channel;
    private Address plaintext;
    private Address tls;
    private Address metrics;
    private Address webIn;
    private Address webOut;

    /** @param dir exists; holds the data of the control plane, the state of the sidecars and the logs */
    LocalMesh(Path launcher, Path dir) {
        this.launcher = launcher;
        this.dir = dir;
    }

    /** Instances by node name, in the order in which they are started. */
    private static Map<String, String> workloads() {
        Map<String, String> workloads = new LinkedHashMap<>();
        workloads.put("web-1", "web");
        workloads.put("payments-1", "payments");
        workloads.put("payments-2", "payments");
        return workloads;
    }

    void startControlPlane() throws IOException {
        Files.createDirectories(dir.resolve("logs"));
        Matcher ready = start("control-plane", CONTROL_PLANE_READY, List.of("control-plane", "start", "--dev",
            "--data-dir", dir.resolve("control-plane").toString(), "--trust-domain", TRUST_DOMAIN,
            "--listen", "127.0.0.1:0", "--plaintext-listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0")).awaitReady(START_SECONDS);
        tls = Address.parse(ready.group(1));
        plaintext = Address.parse(ready.group(2));
        metrics = Address.parse(ready.group(3));
        channel = NettyChannelBuilder.forAddress(plaintext.host(), plaintext.port()).usePlaintext().build();
    }

    void startSidecars() throws IOException {
        Map<String, Child> started = new LinkedHashMap<>();
        for (Map.Entry<String, String> each : WORKLOADS.entrySet()) started.put(each.getKey(), startSidecar(each.getKey(), each.getValue()));
        started.forEach((node, child) -> {
            Matcher ready = child.awaitReady(START_SECONDS);
            instances.add(new Instance(WORKLOADS.get(node), node, Address.parse(ready.group(1)), Address.parse(ready.group(2))));
        });
    }

    private Child startSidecar(String node, String workload) throws IOException {
        CreateJoinTokenResponse token = admin().createJoinToken(
            CreateJoinTokenRequest.newBuilder().setSpiffeId("spiffe://" + TRUST_DOMAIN + "/" + workload).build());
        Path file = dir.resolve(node + ".token");
        Files.deleteIfExists(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, token.getToken());
        return start(node, SIDECAR_READY, List.of("proxy", "start", "--control-plane", tls.toString(), "--workload", workload, "--node", node,
            "--join-token-file", file.toString(), "--ca-pin", token.getCaPin(), "--state-dir", dir.resolve("state").resolve(node).toString(),
            "--admin-listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--health-listen", "127.0.0.1:0",
            "--drain-delay", "0s", "--concurrency", "1"));
    }

    private Child start(String name, Pattern ready, List<String> words) throws IOException {
        Child child = Child.start(name, launcher, dir.resolve("logs").resolve(name + ".log"), ready, words);
        children.add(child);
        return child;
    }

    /** Pushes the example's configuration. @return the version it has */
    long push() throws IOException {
        List<Address> free = freeAddresses(4);
        webIn = free.get(0);
        webOut = free.get(1);
        Map<String, ExampleConfig.Payments> payments = new LinkedHashMap<>();
        for (String instance : List.of("payments-1", "payments-2")) {
            ExampleService http = ExampleService.payments(instance);
            ExampleCalls grpc = new ExampleCalls(instance);
            services.addAll(List.of(http, grpc));
            payments.put(instance, new ExampleConfig.Payments(free.get(2 + payments.size()), http.address(), grpc.address()));
        }
        ExampleService web = ExampleService.web(webOut);
        services.add(web);
        Config config = ExampleConfig.of(TRUST_DOMAIN, webIn, web.address(), webOut, payments);
        return admin().applyConfig(ApplyConfigRequest.newBuilder().setConfig(config).build()).getVersion();
    }

    /** Waits until every sidecar has acknowledged that version. */
    void awaitSync(long version) throws InterruptedException {
        long end = System.nanoTime() + SYNC_TIMEOUT.toNanos();
        while (true) {
            ListSidecarsResponse answer = admin().listSidecars(ListSidecarsRequest.getDefaultInstance());
            long inSync = answer.getSidecarsList().stream()
                .filter(each -> each.getConnected() && each.getAcknowledgedVersion() >= version).count();
            if (inSync == WORKLOADS.size()) return;
            if (System.nanoTime() - end > 0) {
                throw new UpFailure(inSync + " of " + WORKLOADS.size() + " sidecars are in sync after " + SYNC_TIMEOUT.toSeconds() + " s:\n" + answer
                    + String.join("", children.stream().map(Child::tail).toList()));
            }
            children.stream().filter(child -> !child.isAlive()).findFirst().ifPresent(dead -> {
                throw new UpFailure(dead.name() + " has ended" + dead.tail());
            });
            Thread.sleep(50);
        }
    }

    private AdminServiceGrpc.AdminServiceBlockingStub admin() {
        return AdminServiceGrpc.newBlockingStub(channel).withDeadlineAfter(10, TimeUnit.SECONDS);
    }

    /** Addresses of loopback that nobody listens on, for listeners whose clients must know them before they are bound. */
    private static List<Address> freeAddresses(int count) throws IOException {
        List<ServerSocket> held = new ArrayList<>();
        List<Address> free = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                held.add(socket);
                free.add(new Address("127.0.0.1", socket.getLocalPort()));
            }
        } finally {
            for (ServerSocket socket : held) socket.close();
        }
        return free;
    }

    List<Instance> instances() {
        return List.copyOf(instances);
    }

    /** Where requests for web are taken. */
    Address webIn() {
        return webIn;
    }

    /** Where requests and calls of web are taken. */
    Address webOut() {
        return webOut;
    }

    /** The control plane's port for people on this machine. */
    Address plaintext() {
        return plaintext;
    }

    Address controlPlaneMetrics() {
        return metrics;
    }

    /** The first program that has ended by itself, or null. */
    Child firstDead() {
        return children.stream().filter(child -> !child.isAlive()).findFirst().orElse(null);
    }

    /** Sidecars first: they tell the control plane good-bye. */
    @Override
    public void close() {
        if (channel != null) channel.shutdownNow();
        for (int i = children.size() - 1; i >= 0; i--) children.get(i).terminate();
        children.forEach(Child::close);
        services.forEach(LocalMesh::end);
    }

    private static void end(AutoCloseable service) {
        try {
            service.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
