package mesh.proxy.cli;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import mesh.model.Address;
import mesh.model.Durations;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import sun.misc.Signal;

/** {@code mesh await}: what must not begin before its sidecar is ready, and after whose end the sidecar is not needed. */
@Command(
    name = "await",
    description = {"Waits until the sidecar is ready, and then runs a command, if one is given.", ""},
    footer = {"", "Exit codes: the command's own; without one 0 when the sidecar is ready; 69 when it was not in time; 2 wrong usage; 127 when the "
        + "command cannot be run.", "", "Examples:", "  mesh await --timeout 30s", "  mesh await --shutdown -- ./nightly-report --all"},
    mixinStandardHelpOptions = true,
    version = MeshCommand.VERSION,
    sortOptions = false,
    customSynopsis = "mesh await [OPTION…] [-- COMMAND [ARGUMENT…]]")
final class AwaitCommand implements Callable<Integer> {

    private static final int READY = 0, UNAVAILABLE = 69, NOT_RUN = 127, KILLED = 128;
    private static final long LOOK_MILLIS = 50;
    private static final int PATIENCE_MILLIS = 2_000;

    @Option(names = "--health", paramLabel = "HOST:PORT", defaultValue = "127.0.0.1:15021",
        description = "where the sidecar says whether it is ready; default: ${DEFAULT-VALUE}")
    private Address health;

    @Option(names = "--timeout", paramLabel = "DURATION", defaultValue = "2m",
        description = "how long to wait for it; the command is not run then; default: ${DEFAULT-VALUE}")
    private Duration timeout;

    @Option(names = {"-S", "--shutdown"}, description = "when the command has ended, end the sidecar (POST /quitquitquit)")
    private boolean shutdown;

    @Option(names = "--admin", paramLabel = "HOST:PORT", defaultValue = "127.0.0.1:15000",
        description = "the sidecar's admin, for --shutdown; default: ${DEFAULT-VALUE}")
    private Address admin;

    @Parameters(paramLabel = "COMMAND", description = "what to run, with its arguments, after --")
    private List<String> command = List.of();

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        if (shutdown && command.isEmpty()) throw new ParameterException(spec.commandLine(), "--shutdown: no command (expected: one after --)");
        if (!isReadyInTime()) return UNAVAILABLE;
        if (command.isEmpty()) return READY;
        int code = run();
        if (shutdown) endSidecar();
        return code;
    }

    private boolean isReadyInTime() throws InterruptedException {
        long end = System.nanoTime() + timeout.toNanos();
        while (true) {
            String why;
            try {
                int status = ask("GET", health, "/ready");
                if (status == HttpURLConnection.HTTP_OK) return true;
                why = Integer.toString(status);
            } catch (IOException e) {
                why = e.getMessage();
            }
            if (System.nanoTime() - end >= 0) {
                say("http://" + health + "/ready: " + why + " (expected: 200 within " + Durations.format(timeout) + ")");
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        }
    }

    /** @return as a shell would say it: 128 and the signal's number where a signal has ended it, which is Java's way as well */
    private int run() throws InterruptedException {
        Process process;
        try {
            process = new ProcessBuilder(command).inheritIO().start();
        } catch (IOException e) {
            say(e.getMessage());
            return NOT_RUN;
        }
        // Whoever ends this means the command. It ends as it likes, and this after it.
        Signal.handle(new Signal("TERM"), signal -> process.toHandle().destroy());
        // The terminal has sent it to the command as well.
        Signal.handle(new Signal("INT"), signal -> {});
        int code = process.waitFor();
        return code < 0 ? KILLED - code : code;
    }

    /** The command's exit code is what counts, whatever becomes of this. */
    private void endSidecar() {
        try {
            int status = ask("POST", admin, "/quitquitquit");
            if (status != HttpURLConnection.HTTP_OK) say("http://" + admin + "/quitquitquit: " + status + " (expected: 200)");
        } catch (IOException e) {
            say("http://" + admin + "/quitquitquit: " + e.getMessage() + " (expected: the sidecar's admin)");
        }
    }

    private static int ask(String method, Address address, String path) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) URI.create("http://" + address + path).toURL().openConnection(Proxy.NO_PROXY);
        connection.setRequestMethod(method);
        connection.setConnectTimeout(PATIENCE_MILLIS);
        connection.setReadTimeout(PATIENCE_MILLIS);
        try {
            return connection.getResponseCode();
        } finally {
            connection.disconnect();
        }
    }

    private void say(String what) {
        spec.commandLine().getErr().println("mesh: " + what);
    }
}
