package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.model.Address;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A sidecar is replaced by another while clients connect all the time, each for one request. Who holds the socket is a small program in the
 * place of systemd, by the same protocol: it starts a sidecar, and one more on each SIGUSR1.
 */
class SocketActivationIT {

    private static final String SUPERVISOR = """
        import os, signal, socket, sys
        listening = socket.create_server((sys.argv[1], int(sys.argv[2])), backlog=4096)
        listening.setblocking(False)
        def start(*unused):
            child = os.fork()
            if child:
                print("child", child, flush=True)
                return
            signal.signal(signal.SIGUSR1, signal.SIG_DFL)
            os.dup2(listening.fileno(), 3)
            os.set_inheritable(3, True)
            os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
            os.execv(sys.argv[3], [word.replace("SUPERVISOR", str(os.getppid())) for word in sys.argv[3:]])
        signal.signal(signal.SIGUSR1, start)
        start()
        while True:
            try:
                print("ended", *os.wait(), flush=True)
            except ChildProcessError:
                signal.pause()
        """;
    private static final Pattern CHILD = Pattern.compile("child (\\d+)");
    private static final Pattern STARTED = Pattern.compile("sidecar started");

    @TempDir
    private Path dir;
    private final List<String> failures = Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger answered = new AtomicInteger();
    private volatile boolean stopped;

    @Test
    void noConnectionAttemptIsLost() throws Exception {
        Address listen = Ports.free();
        try (HttpService service = new HttpService("answered"); MeshProcess supervisor = supervisor(listen, service)) {
            long first = started(supervisor, 0);
            List<Thread> clients = List.of(client(listen), client(listen));
            awaitMore(100);

            int lines = supervisor.linesSoFar();
            supervisor.signal("USR1");
            long second = started(supervisor, lines);
            awaitMore(100);
            end(supervisor, first);
            awaitMore(200);

            // With nobody there at all they wait.
            end(supervisor, second);
            lines = supervisor.linesSoFar();
            supervisor.signal("USR1");
            long third = started(supervisor, lines);
            awaitMore(100);

            stopped = true;
            for (Thread client : clients) client.join(30_000);
            end(supervisor, third);
            System.out.printf("sidecar replaced twice: %d connections answered, %d failed%n", answered.get(), failures.size());
            assertThat(failures).isEmpty();
        }
    }

    private MeshProcess supervisor(Address listen, HttpService service) throws IOException {
        Path config = Files.writeString(dir.resolve("mesh.yaml"),
            "proxy:\n  listen: \"%s\"\n  upstreams:\n    - addr: \"%s\"\n".formatted(listen, service.address()));
        return MeshProcess.start("supervisor", List.of(Judge.find("python3", "apt-get install python3").program().toString(), "-c", SUPERVISOR, listen.host(), Integer.toString(listen.port()),
            Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-Xmx160m",
            "-Dmesh.parent=SUPERVISOR", "-jar", MeshProcess.ROOT.resolve("data-plane/target/quarkus-app/quarkus-run.jar").toString(),
            "proxy", "start", "--config", config.toString(), "--admin-listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0",
            "--health-listen", "127.0.0.1:0", "--drain-delay", "1s"));
    }

    /** Waits for the sidecar that is started after so many lines. @return its process */
    private static long started(MeshProcess supervisor, int lines) {
        Matcher child = supervisor.awaitLine(CHILD, lines);
        supervisor.awaitLine(STARTED, lines);
        return Long.parseLong(child.group(1));
    }

    private static void end(MeshProcess supervisor, long sidecar) {
        ProcessHandle.of(sidecar).orElseThrow().destroy();
        supervisor.awaitLine(Pattern.compile("ended " + sidecar + " 0$"));
    }

    private Thread client(Address target) {
        Thread client = new Thread(() -> {
            while (!stopped) call(target);
        }, "client");
        client.setDaemon(true);
        client.start();
        return client;
    }

    private void call(Address target) {
        try (Socket socket = new Socket(target.host(), target.port())) {
            socket.setSoTimeout(120_000);
            socket.getOutputStream().write("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            if (answer.startsWith("HTTP/1.1 200") && answer.endsWith("answered")) answered.incrementAndGet();
            else failures.add("\"" + answer + "\"");
            TimeUnit.MILLISECONDS.sleep(2);
        } catch (IOException e) {
            failures.add(e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitMore(int answers) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
        for (int goal = answered.get() + answers; answered.get() < goal; TimeUnit.MILLISECONDS.sleep(5)) {
            assertThat(System.nanoTime() - end).as("%d of %d; failures: %s", answered.get(), goal, failures).isNegative();
        }
    }
}
