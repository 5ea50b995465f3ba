package mesh.control.up;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code mesh up}. */
@Command(
    name = "up",
    description = {
        "Starts a whole mesh on this machine: a control plane, the services web and payments (two instances), a sidecar for each.",
        "Pushes a configuration, sends requests and gRPC calls through it and shows what happened. Ctrl-C ends everything.", ""},
    mixinStandardHelpOptions = true,
    sortOptions = false)
public final class UpCommand implements Callable<Integer> {

    private static final int REQUESTS = 60;

    @Option(names = "--once", description = "end after the check, with 0 when all went as configured, else 1")
    private boolean once;

    @Option(names = "--data-dir", paramLabel = "DIR", description = "keep data, certificates and logs there; default: a temporary one, removed at the end")
    private Path dataDir;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        String launcher = System.getenv("MESH_LAUNCHER");
        if (launcher == null) throw new IOException("MESH_LAUNCHER is not set (expected: mesh up is run by the launcher, ./mesh up)");
        Path dir = dataDir == null ? Files.createTempDirectory("mesh-up-") : Files.createDirectories(dataDir).toAbsolutePath();
        LocalMesh mesh = new LocalMesh(Path.of(launcher), dir);
        // Also on Ctrl-C, which ends this thread wherever it is.
        Thread end = new Thread(() -> end(mesh, dir));
        Runtime.getRuntime().addShutdownHook(end);
        Progress progress = new Progress(spec.commandLine().getErr());
        try {
            return run(mesh, progress);
        } catch (UpFailure e) {
            progress.failed();
            spec.commandLine().getErr().println("mesh: " + e.getMessage());
            return 1;
        }
    }

    private int run(LocalMesh mesh, Progress progress) throws IOException, InterruptedException {
        progress.step("starting the control plane");
        mesh.startControlPlane();
        progress.step("starting three sidecars, each with a key of its own and a certificate for it");
        mesh.startSidecars();
        progress.step("pushing the configuration by gRPC");
        long version = mesh.push();
        progress.step("waiting until every sidecar has acknowledged version " + version);
        mesh.awaitSync(version);
        progress.step("sending " + REQUESTS + " requests through the mesh, and " + REQUESTS + " gRPC calls");
        TrafficCheck requests = TrafficCheck.requests(mesh.webIn(), REQUESTS);
        TrafficCheck calls = TrafficCheck.calls(mesh.webOut(), REQUESTS);
        progress.done();
        PrintWriter out = spec.commandLine().getOut();
        Report.traffic(out, requests, calls);
        List<String> problems = Stream.of(requests, calls).flatMap(check -> check.problems().stream()).toList();
        problems.forEach(problem -> spec.commandLine().getErr().println("mesh: " + problem));
        if (once || !problems.isEmpty()) return problems.isEmpty() ? 0 : 1;
        Report.whatToTry(out, mesh);
        return stayUp(mesh);
    }

    private int stayUp(LocalMesh mesh) throws InterruptedException {
        while (true) {
            Thread.sleep(500);
            Child dead = mesh.firstDead();
            if (dead != null) throw new UpFailure(dead.name() + " has ended" + dead.tail());
        }
    }

    private void end(LocalMesh mesh, Path dir) {
        mesh.close();
        if (dataDir == null) delete(dir);
    }

    private static void delete(Path dir) {
        try (Stream<Path> all = Files.walk(dir)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) Files.delete(each);
        } catch (IOException e) {
            System.err.println("mesh: " + dir + " is left behind: " + e);
        }
    }
}
