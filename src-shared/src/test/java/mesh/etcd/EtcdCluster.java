package mesh.etcd;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import mesh.model.Address;
import org.junit.jupiter.api.Assumptions;

/** Real etcd servers on loopback, each of which may be killed and started again. Where there is no etcd a test is skipped, and in CI fails. */
public final class EtcdCluster implements AutoCloseable {

    private static final long PATIENCE_SECONDS = 60;

    private final Path program;
    private final Path dir;
    private final List<String> options;
    private final List<Address> clients = new ArrayList<>();
    private final List<Address> peers = new ArrayList<>();
    private final List<Process> servers = new ArrayList<>();

    private EtcdCluster(Path program, Path dir, List<String> options) {
        this.program = program;
        this.dir = dir;
        this.options = options;
    }

    /**
     * Starts so many servers, and waits until they serve.
     *
     * @param dir     for their data and logs
     * @param options for each of them; with TLS for clients, {@code --cert-file} among them
     */
    public static EtcdCluster start(int size, Path dir, String... options) throws IOException {
        EtcdCluster cluster = new EtcdCluster(find(), dir, List.of(options));
        for (int i = 0; i < size; i++) {
            cluster.clients.add(free());
            cluster.peers.add(free());
            cluster.servers.add(null);
        }
        IntStream.range(0, size).forEach(cluster::launch);
        IntStream.range(0, size).forEach(cluster::await);
        return cluster;
    }

    private static Path find() {
        List<Path> places = new ArrayList<>();
        for (String place : System.getenv().getOrDefault("PATH", "").split(":")) {
            places.add(Path.of(place, "etcd"));
        }
        places.add(Path.of(System.getProperty("user.home"), "go", "bin", "etcd"));
        for (Path place : places) {
            if (Files.isExecutable(place)) {
                return place;
            }
        }
        String why = "etcd is not on the PATH (expected: apt-get install etcd-server, or a release of it)";
        if (Boolean.parseBoolean(System.getenv("CI"))) {
            throw new AssertionError(why);
        }
        Assumptions.abort(why);
        throw new AssertionError(why);
    }

    private static Address free() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return new Address("127.0.0.1", socket.getLocalPort());
        }
    }

    public List<Address> clients() {
        return List.copyOf(clients);
    }

    public void restart(int server) {
        launch(server);
        await(server);
    }

    private void launch(int i) {
        String scheme = options.contains("--cert-file") ? "https://" : "http://";
        List<String> command = new ArrayList<>(List.of(program.toString(), "--name", "m" + i, "--data-dir", dir.resolve("m" + i).toString(),
            "--listen-client-urls", scheme + clients.get(i), "--advertise-client-urls", scheme + clients.get(i),
            "--listen-peer-urls", "http://" + peers.get(i), "--initial-advertise-peer-urls", "http://" + peers.get(i),
            "--initial-cluster", IntStream.range(0, peers.size()).mapToObj(n -> "m" + n + "=http://" + peers.get(n)).collect(Collectors.joining(",")),
            "--heartbeat-interval", "50", "--election-timeout", "500", "--logger", "zap"));
        command.addAll(options);
        try {
            servers.set(i, new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log(i).toFile()).start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path log(int i) {
        return dir.resolve("m" + i + ".log");
    }

    /** It opens its port for clients when it is a member of a cluster that has a leader. */
    private void await(int i) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (true) {
            try (Socket socket = new Socket(clients.get(i).host(), clients.get(i).port())) {
                return;
            } catch (IOException e) {
                if (!servers.get(i).isAlive() || System.nanoTime() - end > 0) {
                    throw new AssertionError("etcd server " + i + " does not serve, see " + log(i) + ":\n" + text(i));
                }
            }
            try {
                TimeUnit.MILLISECONDS.sleep(20);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted", e);
            }
        }
    }

    private String text(int i) {
        try {
            return Files.readString(log(i));
        } catch (IOException e) {
            return "no log: " + e.getMessage();
        }
    }

    /** SIGKILL, and sees it gone. */
    public void kill(int server) {
        Process process = servers.get(server);
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    @Override
    public void close() {
        for (int i = 0; i < servers.size(); i++) {
            if (servers.get(i) != null) {
                kill(i);
            }
        }
    }
}
