package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A packaged program as a process. What it writes is kept, for waiting on and for the message of a test that fails. */
final class MeshProcess implements AutoCloseable {

    /** Of this project's root. */
    static final Path ROOT = Path.of(System.getProperty("mesh.root", "../..")).toAbsolutePath().normalize();

    private static final long PATIENCE_SECONDS = 180;

    private final String name;
    private final Process process;
    private final List<String> lines = new ArrayList<>();
    private boolean ended;

    private MeshProcess(String name, Process process) {
        this.name = name;
        this.process = process;
        Thread reader = new Thread(this::read, name + "-log");
        reader.setDaemon(true);
        reader.start();
    }

    static MeshProcess controlPlane(String... words) {
        return java("control-plane", words);
    }

    /** @param words those that begin with -D or -X are for the JVM */
    static MeshProcess dataPlane(String... words) {
        return java("data-plane", words);
    }

    private static MeshProcess java(String module, String... words) {
        Path jar = ROOT.resolve(module).resolve("target/quarkus-app/quarkus-run.jar");
        assertThat(jar).as("packaged by the phase before").exists();
        List<String> command = new ArrayList<>(List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-Xmx160m", "-XX:MaxDirectMemorySize=64m",
            "-Dmesh.parent=" + ProcessHandle.current().pid()));
        Stream.of(words).filter(MeshProcess::isForJvm).forEach(command::add);
        command.addAll(List.of("-jar", jar.toString()));
        Stream.of(words).filter(word -> !isForJvm(word)).forEach(command::add);
        return start(module, command);
    }

    private static boolean isForJvm(String word) {
        return word.startsWith("-D") || word.startsWith("-X");
    }

    static MeshProcess start(String name, List<String> command) {
        try {
            Process process = new ProcessBuilder(command).directory(ROOT.toFile()).redirectErrorStream(true).start();
            process.getOutputStream().close();
            return new MeshProcess(name, process);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void read() {
        try (BufferedReader in = process.inputReader()) {
            for (String line; (line = in.readLine()) != null; ) add(line);
        } catch (IOException e) {
            add("(log broke: " + e.getMessage() + ")");
        }
        synchronized (lines) {
            ended = true;
            lines.notifyAll();
        }
    }

    private void add(String line) {
        synchronized (lines) {
            lines.add(line);
            lines.notifyAll();
        }
    }

    /** The first line, from the beginning, in which the pattern is found; fails when the process ends without it. */
    Matcher awaitLine(Pattern pattern) {
        return awaitLine(pattern, 0);
    }

    /** As above, among the lines after the first {@code skip}. */
    Matcher awaitLine(Pattern pattern, int skip) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        synchronized (lines) {
            for (int i = skip; ; ) {
                for (; i < lines.size(); i++) {
                    Matcher matcher = pattern.matcher(lines.get(i));
                    if (matcher.find()) return matcher;
                }
                long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
                if (ended || left <= 0) throw new AssertionError(name + " has not said \"" + pattern + "\":\n" + log());
                try {
                    lines.wait(left);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new AssertionError("interrupted", e);
                }
            }
        }
    }

    int linesSoFar() {
        synchronized (lines) {
            return lines.size();
        }
    }

    String log() {
        synchronized (lines) {
            return String.join("\n", lines);
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    long pid() {
        return process.pid();
    }

    /** The most memory that it has had resident so far, in KiB. */
    long peakKib() throws IOException {
        return statusKib("VmHWM:");
    }

    /** What it has resident now, in KiB. */
    long residentKib() throws IOException {
        return statusKib("VmRSS:");
    }

    private long statusKib(String field) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/" + pid() + "/status"))) {
            if (line.startsWith(field)) return Long.parseLong(line.replaceAll("[^0-9]", ""));
        }
        throw new IOException("no " + field + " of " + pid());
    }

    /** What it has used of processors so far, in the kernel's hundredths of a second. */
    long processorTicks() throws IOException {
        return processorTicks(pid());
    }

    /** As above, of any process. */
    static long processorTicks(long pid) throws IOException {
        String[] words = Files.readString(Path.of("/proc/" + pid + "/stat")).replaceAll("^.*\\) ", "").split(" ");
        return Long.parseLong(words[11]) + Long.parseLong(words[12]);
    }

    /** STOP makes it stand still, with its sockets open; CONT lets it go on. */
    void signal(String name) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(pid())).start().waitFor()).isZero();
    }

    /** SIGTERM. By its handle: a {@link Process} would also close what it writes to, and what it says at its end would be lost. */
    void terminate() {
        process.toHandle().destroy();
    }

    /** SIGKILL, and sees it gone. */
    void kill() {
        process.destroyForcibly();
        exitCode();
    }

    /** Waits for its end. */
    int exitCode() {
        try {
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as("%s has ended:\n%s", name, log()).isTrue();
            synchronized (lines) {
                while (!ended) lines.wait(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    @Override
    public void close() {
        if (process.isAlive()) kill();
    }
}
