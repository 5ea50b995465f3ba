package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.model.Address;
import mesh.v1.Cluster;
import mesh.v1.Config;
import mesh.v1.Endpoint;
import mesh.v1.Listener;
import mesh.v1.PutEndpointRequest;
import mesh.v1.Route;
import mesh.v1.RouteTable;
import mesh.v1.Scope;
import mesh.v1.VirtualHost;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Many subscribers and many services: what a change costs, on our control plane and on the one that Envoy publishes for Java, with the same
 * resources and the same clients, in turn. Claims what is sent, and prints what it took.
 */
@Tag("soak")
class ScaleIT {

    private static final int SUBSCRIBERS = Effort.of("subscribers", 100);
    private static final int SERVICES = Effort.of("services", 100);
    private static final int ROUNDS = Effort.of("scaleRounds", 3);
    /** In a row, for one figure: the clock that counts CPU time has ticks of 10 ms. */
    private static final int CHANGES = 10;
    private static final String[] HEAP = {"-Xmx768m", "-XX:MaxDirectMemorySize=512m"};

    @TempDir
    private Path dir;

    private final Map<String, Map<String, List<Double>>> figures = new LinkedHashMap<>();
    private final List<AutoCloseable> closing = new ArrayList<>();
    private int weight = 1;

    /** A control plane with all its subscribers. */
    private abstract class Plane implements AutoCloseable {

        private final String name;
        Subscribers subscribers;

        Plane(String name) {
            this.name = name;
        }

        abstract Address address();

        abstract long pid();

        abstract void changeOne(int weight) throws IOException;

        abstract void changeAll(int weight) throws IOException;

        void subscribe() throws Exception {
            double empty = heapKib();
            subscribers = new Subscribers(address(), SUBSCRIBERS);
            measure("all connect", 1, SERVICES, subscribers::connect);
            record("memory per subscriber, KiB", (heapKib() - empty) / SUBSCRIBERS);
        }

        void measureAll() throws Exception {
            measure("one endpoint changes", CHANGES, 1, () -> changeOne(++weight));
            assertThat(subscribers.resources()).as("%s sends one resource to each for the change of one", name).isEqualTo(SUBSCRIBERS);
            measure("every endpoint changes", 1, SERVICES, () -> changeAll(++weight));
            assertThat(subscribers.resources()).as("%s sends to each what has changed", name).isEqualTo((long) SUBSCRIBERS * SERVICES);
            measure("all reconnect at once", 1, SERVICES, subscribers::connect);
        }

        /** @param sets that each subscriber is to get for the act */
        private void measure(String what, int times, int sets, Act act) throws Exception {
            double cpu = cpuMillis();
            double millis = 0;
            for (int i = 0; i < times; i++) {
                subscribers.expect(sets);
                long start = System.nanoTime();
                act.perform();
                subscribers.await();
                millis += (System.nanoTime() - start) / 1e6;
            }
            record(what + ", until the last has it, ms", millis / times);
            record(what + ", CPU of the control plane, ms", (cpuMillis() - cpu) / times);
        }

        private void record(String what, double value) {
            figures.computeIfAbsent(what, each -> new LinkedHashMap<>()).computeIfAbsent(name, each -> new ArrayList<>()).add(value);
        }

        private double cpuMillis() throws IOException {
            return MeshProcess.processorTicks(pid()) * 10.0;
        }

        private double heapKib() throws Exception {
            run("jcmd", Long.toString(pid()), "GC.run");
            Matcher used = Pattern.compile("(\\d+)K used|used (\\d+)K").matcher(run("jcmd", Long.toString(pid()), "GC.heap_info"));
            double kib = 0;
            for (int pools = 0; pools < 2 && used.find(); pools++) kib += Double.parseDouble(used.group(1) == null ? used.group(2) : used.group(1));
            return kib;
        }
    }

    @FunctionalInterface
    private interface Act {
        void perform() throws Exception;
    }

    private final class Ours extends Plane {

        private final ControlPlaneProcess process = new ControlPlaneProcess(dir.resolve("ours"), HEAP);

        Ours() {
            super("ours");
            process.apply(config(weight));
        }

        @Override
        Address address() {
            return process.plaintext();
        }

        @Override
        long pid() {
            return process.process().pid();
        }

        @Override
        void changeOne(int weight) {
            process.admin().putEndpoint(PutEndpointRequest.newBuilder().setCluster("service-7").setEndpoint(endpoint(7, 0, weight)).build());
        }

        @Override
        void changeAll(int weight) {
            process.apply(config(weight));
        }

        @Override
        public void close() {
            process.close();
        }
    }

    private final class Peers extends Plane {

        private final Process process;
        private final PrintStream to;
        private final BufferedReader from;
        private final Address address;

        Peers(Iterable<? extends Map<String, io.envoyproxy.envoy.service.discovery.v3.Resource>> resources) throws IOException {
            super("peer");
            Path file = dir.resolve("resources");
            PeerControlPlane.write(file, resources);
            List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC"));
            command.addAll(List.of(HEAP));
            command.addAll(List.of("-cp", System.getProperty("java.class.path"), PeerControlPlane.class.getName(), file.toString()));
            process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
            to = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
            from = process.inputReader(StandardCharsets.UTF_8);
            address = Address.parse(await("peer ready: (.*)"));
        }

        private String await(String pattern) throws IOException {
            for (String line; (line = from.readLine()) != null; ) {
                Matcher matcher = Pattern.compile(pattern).matcher(line);
                if (matcher.matches()) return matcher.groupCount() > 0 ? matcher.group(1) : line;
            }
            throw new IOException("the peer has ended");
        }

        @Override
        Address address() {
            return address;
        }

        @Override
        long pid() {
            return process.pid();
        }

        @Override
        void changeOne(int weight) throws IOException {
            to.println("one service-7 " + weight);
            await("done");
        }

        @Override
        void changeAll(int weight) throws IOException {
            to.println("all " + weight);
            await("done");
        }

        @Override
        public void close() throws InterruptedException {
            process.toHandle().destroyForcibly();
            process.waitFor();
        }
    }

    @AfterEach
    void leave() throws Exception {
        for (int i = closing.size() - 1; i >= 0; i--) closing.get(i).close();
    }

    @Test
    void aChangeCostsWhatChanged() throws Exception {
        Ours ours = open(new Ours());
        ours.subscribe();
        closing.add(ours.subscribers);
        Peers peers = open(new Peers(ours.subscribers.held().values()));
        peers.subscribe();
        closing.add(peers.subscribers);
        assertThat(peers.subscribers.held().keySet()).containsAll(ours.subscribers.held().keySet());
        for (int round = 0; round < ROUNDS; round++) {
            for (Plane plane : List.of(ours, peers)) plane.measureAll();
        }
        print();
    }

    private <T extends AutoCloseable> T open(T it) {
        closing.add(it);
        return it;
    }

    private void print() {
        System.out.printf("%d subscribers, %d services, medians of %d rounds%n", SUBSCRIBERS, SERVICES, ROUNDS);
        System.out.printf("%-58s %10s %10s %8s%n", "", "ours", "peer", "ratio");
        figures.forEach((what, of) -> {
            double ours = median(of.get("ours"));
            double peer = median(of.get("peer"));
            System.out.printf(Locale.ROOT, "%-58s %10.1f %10.1f %8.2f%n", what, ours, peer, ours / peer);
        });
    }

    private static double median(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    private static String run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s: %s", Arrays.toString(command), said).isZero();
        return said;
    }

    private static Config config(int weight) {
        RouteTable.Builder routes = RouteTable.newBuilder().setName("outbound");
        Config.Builder config = Config.newBuilder();
        for (int i = 0; i < SERVICES; i++) {
            String name = "service-" + i;
            routes.addVirtualHosts(VirtualHost.newBuilder().setName(name).addHosts(name)
                .addRoutes(Route.newBuilder().setName("all").setPrefix("/").setCluster(name)));
            config.addClusters(Cluster.newBuilder().setName(name).addEndpoints(endpoint(i, 0, weight)).addEndpoints(endpoint(i, 1, weight)));
        }
        return config.addRoutes(routes).addListeners(Listener.newBuilder().setName("outbound").setListen("127.0.0.1:15001")
            .setScope(Scope.newBuilder().setWorkload("web")).setRoute("outbound")).build();
    }

    private static Endpoint endpoint(int service, int instance, int weight) {
        return Endpoint.newBuilder().setAddress("10." + service / 250 + "." + service % 250 + "." + (instance + 1) + ":8080").setWeight(weight)
            .setSpiffeId("spiffe://mesh.local/service-" + service).build();
    }
}
