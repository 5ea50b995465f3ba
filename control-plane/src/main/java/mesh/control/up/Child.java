package mesh.control.up;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** One program of the mesh as a child process, with its log in a file. */
final class Child implements AutoCloseable {

    private static final int TAIL_LINES = 20;

    private final String name;
    private final Path log;
    private final Process process;
    private final CompletableFuture<Matcher> ready = new CompletableFuture<>();

    private Child(String name, Path log, Process process) {
        this.name = name;
        this.log = log;
        this.process = process;
    }

    /**
     * Starts {@code mesh} with these words.
     *
     * @param readyLine matches the log line with which it says that it is up
     */
    static Child start(String name, Path launcher, Path log, Pattern readyLine, List<String> words) throws IOException {
        List<String> command = new ArrayList<>(List.of(launcher.toString()));
        command.addAll(words);
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().merge("JAVA_OPTS", "-Dmesh.parent=" + ProcessHandle.current().pid(), (own, more) -> own + " " + more);
        Process process = builder.start();
        process.getOutputStream().close();
        Child child = new Child(name, log, process);
        Thread reader = new Thread(() -> child.copyLog(readyLine), name + "-log");
        reader.setDaemon(true);
        reader.start();
        return child;
    }

    private void copyLog(Pattern readyLine) {
        try (BufferedReader lines = process.inputReader(); PrintWriter out = new PrintWriter(Files.newBufferedWriter(log), true)) {
            for (String line; (line = lines.readLine()) != null; ) {
                out.println(line);
                Matcher matcher = readyLine.matcher(line);
                if (matcher.find()) ready.complete(matcher);
            }
        } catch (IOException e) {
            ready.completeExceptionally(e);
        }
        ready.completeExceptionally(new IOException(name + " ended before it was ready"));
    }

    /**
     * The ready line, once it has come.
     *
     * @throws UpFailure with the end of the log when it does not come
     */
    Matcher awaitReady(long seconds) {
        try {
            return ready.get(seconds, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new UpFailure(e.getCause().getMessage() + tail());
        } catch (TimeoutException e) {
            throw new UpFailure(name + " was not ready within " + seconds + " s" + tail());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UpFailure("interrupted while waiting for " + name);
        }
    }

    String name() {
        return name;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** The last lines of the log, for an error message. */
    String tail() {
        try (Stream<String> lines = Files.lines(log)) {
            List<String> all = lines.toList();
            return "\n  the end of " + log + ":\n    " + String.join("\n    ", all.subList(Math.max(0, all.size() - TAIL_LINES), all.size()));
        } catch (IOException | UncheckedIOException e) {
            return " (no log: " + e.getMessage() + ")";
        }
    }

    /** Asks it to end. */
    void terminate() {
        process.destroy();
    }

    /** Sees it end, by force after five seconds. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) process.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
