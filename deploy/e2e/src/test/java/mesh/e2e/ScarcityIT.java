package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import mesh.model.Address;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sidecar that runs out of descriptors, has thousands of idle connections, or has a wire that does not carry everything. */
class ScarcityIT {

    private static final String GET = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

    @TempDir
    private Path dir;
    private HttpService app;
    private final List<SocketChannel> held = new ArrayList<>();

    @BeforeEach
    void start() throws IOException {
        app = new HttpService("done");
    }

    @AfterEach
    void close() throws IOException {
        release();
        app.close();
    }

    /** Of 300 connections some are accepted; then accepting pauses, who is in goes on, and when others leave the next is let in. */
    @Test
    void withoutDescriptorsItServesWhomItHasAndRecovers() throws Exception {
        try (SidecarProcess sidecar = sidecar(""); Socket good = Sockets.connect(outbound(sidecar))) {
            for (int i = 0; i < 3; i++) assertThat(ask(good)).startsWith("HTTP/1.1 200");
            long used = descriptors(sidecar);
            Judge.find("prlimit", "the package util-linux")
                .mustDo("", List.of("--pid", Long.toString(sidecar.process().pid()), "--nofile=" + (used + 100)));
            for (int i = 0; i < 300; i++) hold(sidecar, "");
            await().until(() -> sidecar.sum("mesh_overload_total{action=\"accepting_stopped\"") == 1);
            for (int i = 0; i < 200; i++) assertThat(ask(good)).as("request %d:\n%s", i, sidecar.process().log()).startsWith("HTTP/1.1 200");
            long ticks = sidecar.process().processorTicks();
            await().pollDelay(Duration.ofSeconds(2)).until(() -> true);
            assertThat(sidecar.process().processorTicks() - ticks).as("hundredths of a second of processor in two seconds").isLessThan(100);
            release();
            await().ignoreExceptions().untilAsserted(() -> {
                try (Socket next = Sockets.connect(outbound(sidecar))) {
                    assertThat(ask(next)).startsWith("HTTP/1.1 200");
                }
            });
            assertThat(ask(good)).startsWith("HTTP/1.1 200");
        }
    }

    /** Heads that are never completed, more of them than its heap would hold. */
    @Test
    void withLittleMemoryItShedsAndLives() throws Exception {
        try (SidecarProcess sidecar = sidecar("", "-Xmx64m", "-XX:MaxDirectMemorySize=48m", "-XX:+ExitOnOutOfMemoryError");
            Socket good = Sockets.connect(outbound(sidecar))) {
            assertThat(ask(good)).startsWith("HTTP/1.1 200");
            String head = "GET / HTTP/1.1\r\nhost: a\r\n" + ("x: " + "y".repeat(1000) + "\r\n").repeat(60);
            for (int i = 0; i < 800; i++) hold(sidecar, head);
            await().untilAsserted(() -> assertThat(ask(good)).startsWith("HTTP/1.1 503").contains("x-envoy-local-overloaded: true"));
            release();
            await().untilAsserted(() -> assertThat(ask(good)).startsWith("HTTP/1.1 200"));
            assertThat(sidecar.process().isAlive()).isTrue();
            assertThat(sidecar.process().log()).contains("connections hold").doesNotContain("OutOfMemory").doesNotContain("bug on the connection");
        }
    }

    @Test
    void thousandsOfIdleConnectionsCostLittleAndLive() throws Exception {
        try (SidecarProcess sidecar = sidecar("memoryBudgetMib: 512", "-Xmx256m")) {
            for (int i = 0; i < 500; i++) hold(sidecar, GET);
            release();
            long before = sidecar.process().residentKib();
            for (int i = 0; i < 9_000; i++) hold(sidecar, GET);
            ByteBuffer answer = ByteBuffer.allocate(4096);
            for (SocketChannel each : held) assertThat(each.read(answer.clear())).isPositive();
            long each = (sidecar.process().residentKib() - before) * 1024 / held.size();
            assertThat(each).as("bytes resident for each").isLessThan(32 * 1024);
            for (SocketChannel one : List.of(held.get(0), held.get(4_500), held.get(8_999))) {
                one.write(StandardCharsets.US_ASCII.encode(GET));
                assertThat(one.read(answer.clear())).isPositive();
            }
        }
    }

    /** One packet in a hundred, on both hops. */
    @Test
    void aWireThatLosesPacketsFailsNoRequest() throws Exception {
        Judge.find("iptables", "the package iptables");
        try (Wired wired = new Wired()) {
            wired.network.run("iptables", "-A", "INPUT", "-i", "lo", "-m", "statistic", "--mode", "random", "--probability", "0.01", "-j", "DROP");
            wired.assertServes(300);
            assertThat(wired.network.run("iptables", "-nvxL", "INPUT")).as("some were lost").containsPattern("(?m)^ *[1-9][0-9]* +[0-9]+ DROP");
        }
    }

    /** 64 kbit/s for both hops together, and a queue of 400 ms. */
    @Test
    void aSlowWireFailsNoRequest() throws Exception {
        Judge.find("tc", "the package iproute2");
        try (Wired wired = new Wired()) {
            wired.network.run("tc", "qdisc", "add", "dev", "lo", "root", "tbf", "rate", "64kbit", "burst", "16kbit", "latency", "400ms");
            wired.assertServes(60);
            assertThat(wired.network.run("tc", "-s", "qdisc", "show", "dev", "lo")).as("some waited").containsPattern("overlimits [1-9]");
        }
    }

    /** A sidecar and its application with a network of their own. */
    private final class Wired implements AutoCloseable {

        private final NetworkNamespace network = new NetworkNamespace();
        private final MeshProcess workload;
        private final MeshProcess sidecar;

        Wired() throws IOException {
            Judge.find("curl", "the package curl");
            Path config = Files.writeString(dir.resolve("mesh.yaml"), """
                listeners: [{name: outbound, listen: "127.0.0.1:15001", cluster: app}]
                clusters: [{name: app, endpoints: [{address: "127.0.0.1:8080"}], connectTimeout: 10s}]
                """);
            String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
            workload = MeshProcess.start("workload", network.inside(List.of(java, "-cp", System.getProperty("java.class.path"),
                "-XX:+UseSerialGC", "-Xmx32m", PlainWorkload.class.getName(), "app", "8080")));
            sidecar = MeshProcess.start("sidecar", network.inside(List.of(java, "-XX:+UseSerialGC", "-Xmx160m",
                "-XX:MaxDirectMemorySize=64m", "-Dmesh.parent=" + ProcessHandle.current().pid(), "-jar",
                MeshProcess.ROOT.resolve("data-plane/target/quarkus-app/quarkus-run.jar").toString(), "proxy", "start", "--config", config.toString(),
                "--concurrency", "1")));
            workload.awaitLine(Pattern.compile("^ready"));
            sidecar.awaitLine(Pattern.compile("listener outbound on"));
        }

        void assertServes(int requests) {
            String statuses = network.run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}\n", "http://127.0.0.1:15001/[1-" + requests + "]");
            assertThat(statuses.lines()).as(sidecar.log()).hasSize(requests).containsOnly("200");
        }

        @Override
        public void close() throws Exception {
            sidecar.close();
            workload.close();
            network.close();
        }
    }

    private SidecarProcess sidecar(String more, String... jvm) throws IOException {
        Path config = Files.writeString(dir.resolve("mesh.yaml"), """
            listeners: [{name: outbound, listen: "127.0.0.1:0", cluster: app}]
            clusters: [{name: app, endpoints: [{address: "%s"}]}]
            %s
            """.formatted(app.address(), more));
        List<String> words = new ArrayList<>(List.of("--concurrency", "1"));
        words.addAll(List.of(jvm));
        return SidecarProcess.of(config, words.toArray(String[]::new));
    }

    private static Address outbound(SidecarProcess sidecar) {
        return Address.parse(sidecar.process().awaitLine(Pattern.compile("listener outbound on (\\S+:\\d+)")).group(1));
    }

    private void hold(SidecarProcess sidecar, String said) throws IOException {
        Address target = outbound(sidecar);
        SocketChannel channel = SocketChannel.open(new InetSocketAddress(target.host(), target.port()));
        held.add(channel);
        channel.write(StandardCharsets.US_ASCII.encode(said));
    }

    private void release() throws IOException {
        for (SocketChannel each : held) each.close();
        held.clear();
    }

    /** An answer's head. */
    private static String ask(Socket client) throws IOException {
        client.getOutputStream().write(GET.getBytes(StandardCharsets.US_ASCII));
        String head = Sockets.readHead(client.getInputStream());
        var length = Pattern.compile("(?i)content-length: (\\d+)").matcher(head);
        if (length.find()) client.getInputStream().readNBytes(Integer.parseInt(length.group(1)));
        return head;
    }

    private static long descriptors(SidecarProcess sidecar) throws IOException {
        try (var files = Files.list(Path.of("/proc/" + sidecar.process().pid() + "/fd"))) {
            return files.count();
        }
    }
}
