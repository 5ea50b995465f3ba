package mesh.e2e;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.model.Address;

/**
 * Holds a socket that sidecars listen on, in the place of systemd and by the same protocol, while they come and go: a small program that starts one, and one
 * more on each SIGUSR1.
 */
final class SocketHolder implements AutoCloseable {

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

    private final MeshProcess process;
    private final long first;

    /** @param options of each sidecar, beside those of its own ports */
    SocketHolder(Address listen, List<String> options) {
        List<String> words = new ArrayList<>(List.of(Judge.find("python3", "apt-get install python3").program().toString(), "-c", SUPERVISOR, listen.host(),
            Integer.toString(listen.port()), Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-Xmx160m",
            "-Dmesh.parent=SUPERVISOR", "-jar", MeshProcess.ROOT.resolve("data-plane/target/quarkus-app/quarkus-run.jar").toString(),
            "proxy", "start", "--admin-listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--health-listen", "127.0.0.1:0", "--drain-delay", "1s"));
        words.addAll(options);
        process = MeshProcess.start("supervisor", words);
        first = started(0);
    }

    /** The process of the first sidecar. */
    long first() {
        return first;
    }

    /** Starts another one beside those that there are. @return its process */
    long another() throws IOException, InterruptedException {
        int lines = process.linesSoFar();
        process.signal("USR1");
        return started(lines);
    }

    private long started(int lines) {
        Matcher child = process.awaitLine(CHILD, lines);
        process.awaitLine(STARTED, lines);
        return Long.parseLong(child.group(1));
    }

    /** Asks a sidecar to end, and waits until it has. */
    void end(long sidecar) {
        ProcessHandle.of(sidecar).orElseThrow().destroy();
        process.awaitLine(Pattern.compile("ended " + sidecar + " 0$"));
    }

    @Override
    public void close() {
        process.close();
    }
}
