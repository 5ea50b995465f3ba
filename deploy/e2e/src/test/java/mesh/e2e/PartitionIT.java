package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import mesh.model.Address;
import mesh.v1.AdminServiceGrpc;
import mesh.v1.AdminServiceGrpc.AdminServiceBlockingStub;
import mesh.v1.ApplyConfigRequest;
import mesh.v1.CaServiceGrpc;
import mesh.v1.CaServiceGrpc.CaServiceBlockingStub;
import mesh.v1.Cluster;
import mesh.v1.Config;
import mesh.v1.CreateJoinTokenRequest;
import mesh.v1.CreateJoinTokenResponse;
import mesh.v1.DownstreamTls;
import mesh.v1.Endpoint;
import mesh.v1.GetCaStatusRequest;
import mesh.v1.GetConfigRequest;
import mesh.v1.ListEndpointsRequest;
import mesh.v1.ListSidecarsRequest;
import mesh.v1.Listener;
import mesh.v1.PutEndpointRequest;
import mesh.v1.Reply;
import mesh.v1.RotateCaRequest;
import mesh.v1.RotationStep;
import mesh.v1.Route;
import mesh.v1.RouteTable;
import mesh.v1.Scope;
import mesh.v1.SidecarStatus;
import mesh.v1.VirtualHost;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three machines, each a network namespace with an etcd server and a control plane: the one that leads is cut off from the others with its sidecars,
 * and comes back. Needs root.
 */
class PartitionIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int SIZE = 3;
    private static final Pattern READY = Pattern.compile("control plane ready");

    @TempDir
    private Path dir;
    private final List<AutoCloseable> opened = new ArrayList<>();
    private final List<Machine> machines = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) opened.get(i).close();
    }

    @Test
    void whoIsCutOffRefusesWritesAndServesOnAndNothingIsLost() throws Exception {
        connect();
        startControlPlanes();
        Machine cut = machines.stream().filter(Machine::leads).findFirst().orElseThrow();
        List<Machine> others = machines.stream().filter(each -> each != cut).toList();
        List<String> acknowledged = new ArrayList<>();
        long version = others.get(0).admin().applyConfig(ApplyConfigRequest.newBuilder().setConfig(config(cut)).build()).getVersion();
        cut.sidecar("web");
        cut.sidecar("payments");
        for (Machine each : machines) each.awaitSync(version);
        await().atMost(PATIENCE).until(() -> cut.run("curl", "-sS", "http://" + cut.outbound()).equals("hello"));
        try (Load load = Load.start(cut.outbound(), "/", 2, 5)) {
            load.awaitMore(50);
            for (Machine each : machines) acknowledged.add(each.write(acknowledged.size()));

            cut.run("ip", "link", "set", "net", "down");
            assertThatThrownBy(() -> cut.write(99)).as("a write where only a minority is").satisfies(PartitionIT::saysThatEtcdIsAway);
            assertThatThrownBy(() -> cut.token("web")).as("a token").satisfies(PartitionIT::saysThatEtcdIsAway);
            assertThatThrownBy(() -> cut.rotate(RotationStep.ROTATION_STEP_DISTRIBUTE)).as("a rotation").satisfies(PartitionIT::saysThatEtcdIsAway);
            for (Machine each : others) acknowledged.add(each.write(acknowledged.size()));
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(machines.stream().filter(Machine::leads)).hasSize(1).doesNotContain(cut));
            assertThat(cut.admin().getConfig(GetConfigRequest.getDefaultInstance()).getVersion()).as("what is read there is old, and whole")
                .isEqualTo(version + SIZE);

            // What its sidecars trust must not change without them: they serve.
            others.get(0).rotate(RotationStep.ROTATION_STEP_DISTRIBUTE);
            await().atMost(PATIENCE).untilAsserted(() -> assertThatThrownBy(() -> others.get(1).rotate(RotationStep.ROTATION_STEP_ISSUE))
                .hasMessageContaining("web-1 (spiffe://mesh.local/web) was connected to replica ").hasMessageContaining("which is gone"));
            load.awaitMore(100);

            cut.run("ip", "link", "set", "net", "up");
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(machines).allSatisfy(each ->
                assertThat(each.written()).containsAll(acknowledged)));
            await().atMost(PATIENCE).until(() -> cut.ca().getCaStatus(GetCaStatusRequest.getDefaultInstance()).getBlockersCount() == 0);
            cut.rotate(RotationStep.ROTATION_STEP_ISSUE);
            acknowledged.add(cut.write(acknowledged.size()));
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(machines).extracting(
                each -> each.admin().getConfig(GetConfigRequest.getDefaultInstance())).as("the same everywhere").containsOnly(
                    cut.admin().getConfig(GetConfigRequest.getDefaultInstance())));
            assertThat(machines.stream().filter(Machine::leads)).hasSize(1);
            load.awaitMore(50);
            load.stop();
            assertThat(load.failures()).as("of %d requests", load.answered()).isEmpty();
        }
    }

    private static void saysThatEtcdIsAway(Throwable refused) {
        assertThat(Status.fromThrowable(refused).getCode()).as("%s", refused).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(refused).isInstanceOf(StatusRuntimeException.class);
    }

    /** A network that can be taken from each of them, and a line from the test to each. */
    private void connect() {
        NetworkNamespace middle = opened(new NetworkNamespace());
        middle.run("ip", "link", "add", "bridge", "type", "bridge");
        middle.run("ip", "link", "set", "bridge", "up");
        Judge ip = Judge.find("ip", "the package iproute2");
        for (int i = 0; i < SIZE; i++) {
            Machine machine = new Machine(i, opened(new NetworkNamespace()));
            machines.add(machine);
            String pid = Long.toString(machine.network.pid());
            middle.run("ip", "link", "add", "to" + i, "type", "veth", "peer", "name", "net", "netns", pid);
            middle.run("ip", "link", "set", "to" + i, "master", "bridge", "up");
            machine.run("ip", "addr", "add", machine.etcdHost() + "/24", "dev", "net");
            machine.run("ip", "link", "set", "net", "up");
            String line = "mesh" + ProcessHandle.current().pid() % 100_000 + "-" + i;
            ip.mustDo("", List.of("link", "add", line, "type", "veth", "peer", "name", "line", "netns", pid));
            ip.mustDo("", List.of("addr", "add", "10.78." + i + ".1/30", "dev", line));
            ip.mustDo("", List.of("link", "set", line, "up"));
            machine.run("ip", "addr", "add", machine.host() + "/30", "dev", "line");
            machine.run("ip", "link", "set", "line", "up");
        }
    }

    private void startControlPlanes() throws IOException {
        String etcd = Judge.find("etcd", "the package etcd-server").program().toString();
        String cluster = machines.stream().map(each -> "m" + each.number + "=http://" + each.etcdHost() + ":2380").collect(Collectors.joining(","));
        for (Machine each : machines) {
            String client = "http://" + each.etcdHost() + ":2379";
            String peer = "http://" + each.etcdHost() + ":2380";
            opened(MeshProcess.start("etcd", each.network.inside(List.of(etcd, "--name", "m" + each.number, "--data-dir",
                dir.resolve("m" + each.number).toString(), "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
                "--initial-advertise-peer-urls", peer, "--initial-cluster", cluster, "--heartbeat-interval", "50", "--election-timeout", "500"))));
        }
        String endpoints = IntStream.range(0, SIZE).mapToObj(i -> machines.get(i).etcdHost() + ":2379").collect(Collectors.joining(","));
        List<MeshProcess> starting = new ArrayList<>();
        for (Machine each : machines) {
            starting.add(each.java("control-plane", "control-plane", "start", "--data-dir", each.data().toString(), "--listen", ":15012", "--host",
                each.host(), "--store", "etcd", "--etcd-endpoints", endpoints));
        }
        for (int i = 0; i < SIZE; i++) {
            starting.get(i).awaitLine(READY);
            machines.get(i).connect();
        }
        await().atMost(PATIENCE).until(() -> machines.stream().filter(Machine::leads).count() == 1);
    }

    private static Config config(Machine at) {
        return Config.newBuilder()
            .addListeners(Listener.newBuilder().setName("out").setListen(at.outbound().toString()).setScope(Scope.newBuilder().setWorkload("web"))
                .setCluster("payments"))
            .addListeners(Listener.newBuilder().setName("in").setListen(at.host() + ":15006").setScope(Scope.newBuilder().setWorkload("payments"))
                .setRoute("hello").setTls(DownstreamTls.newBuilder().addAllow("spiffe://mesh.local/web")))
            .addRoutes(RouteTable.newBuilder().setName("hello").addVirtualHosts(VirtualHost.newBuilder().setName("all").addHosts("*")
                .addRoutes(Route.newBuilder().setName("all").setPrefix("/").setReply(Reply.newBuilder().setStatus(200).setBody("hello")))))
            .addClusters(Cluster.newBuilder().setName("payments").addEndpoints(Endpoint.newBuilder().setAddress(at.host() + ":15006")
                .setSpiffeId("spiffe://mesh.local/payments")))
            .addClusters(Cluster.newBuilder().setName("written"))
            .build();
    }

    private <T extends AutoCloseable> T opened(T closeable) {
        opened.add(closeable);
        return closeable;
    }

    /** One of the three. */
    private final class Machine {

        private final int number;
        private final NetworkNamespace network;
        private ManagedChannel channel;
        private String token;

        Machine(int number, NetworkNamespace network) {
            this.number = number;
            this.network = network;
        }

        /** On the network that can be taken from it. */
        String etcdHost() {
            return "10.79.0." + (number + 1);
        }

        /** On the test's own line. */
        String host() {
            return "10.78." + number + ".2";
        }

        Address outbound() {
            return new Address(host(), 15001);
        }

        Path data() {
            return dir.resolve("replica-" + number);
        }

        String run(String... command) {
            return network.run(command);
        }

        MeshProcess java(String module, String... words) {
            List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC",
                "-Xmx160m", "-XX:MaxDirectMemorySize=64m", "-Dmesh.parent=" + ProcessHandle.current().pid(), "-jar",
                MeshProcess.ROOT.resolve(module).resolve("target/quarkus-app/quarkus-run.jar").toString()));
            command.addAll(List.of(words));
            return opened(MeshProcess.start(module, network.inside(command)));
        }

        /** By the admin token, over TLS. */
        void connect() throws IOException {
            token = Files.readString(data().resolve("admin.token")).strip();
            channel = NettyChannelBuilder.forAddress(host(), 15012)
                .sslContext(GrpcSslContexts.forClient().trustManager(data().resolve("roots.pem").toFile()).build()).build();
            opened(() -> channel.shutdownNow());
        }

        AdminServiceBlockingStub admin() {
            return authorized(AdminServiceGrpc.newBlockingStub(channel));
        }

        CaServiceBlockingStub ca() {
            return authorized(CaServiceGrpc.newBlockingStub(channel));
        }

        private <S extends io.grpc.stub.AbstractStub<S>> S authorized(S stub) {
            Metadata headers = new Metadata();
            headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
            return stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers)).withDeadlineAfter(40, TimeUnit.SECONDS);
        }

        CreateJoinTokenResponse token(String workload) {
            return admin().createJoinToken(CreateJoinTokenRequest.newBuilder().setSpiffeId("spiffe://mesh.local/" + workload).build());
        }

        void rotate(RotationStep step) {
            ca().rotateCa(RotateCaRequest.newBuilder().setStep(step).build());
        }

        void sidecar(String workload) throws IOException {
            CreateJoinTokenResponse joins = token(workload);
            Path file = Files.writeString(dir.resolve(workload + ".token"), joins.getToken());
            java("data-plane", "proxy", "start", "--control-plane", host() + ":15012", "--workload", workload, "--node", workload + "-1",
                "--join-token-file", file.toString(), "--ca-pin", joins.getCaPin(), "--state-dir", dir.resolve(workload).toString(),
                "--admin-listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--health-listen", "127.0.0.1:0", "--concurrency", "1");
        }

        void awaitSync(long version) {
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(admin().listSidecars(ListSidecarsRequest.getDefaultInstance())
                .getSidecarsList().stream().filter(each -> each.getConnected() && each.getAcknowledgedVersion() >= version).map(SidecarStatus::getNode))
                .containsExactlyInAnyOrder("web-1", "payments-1"));
        }

        /** @return what is there from now on */
        String write(int each) {
            String address = "10.9.0." + each + ":80";
            admin().putEndpoint(PutEndpointRequest.newBuilder().setCluster("written").setEndpoint(Endpoint.newBuilder().setAddress(address)).build());
            return address;
        }

        List<String> written() {
            return admin().listEndpoints(ListEndpointsRequest.newBuilder().setCluster("written").build()).getEndpointsList().stream()
                .map(Endpoint::getAddress).toList();
        }

        boolean leads() {
            return run("curl", "-sS", "--max-time", "10", "http://127.0.0.1:15014/metrics").lines()
                .anyMatch(line -> line.startsWith("mesh_store_leader") && line.endsWith(" 1.0"));
        }
    }
}
