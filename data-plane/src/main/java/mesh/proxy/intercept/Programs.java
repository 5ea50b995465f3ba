package mesh.proxy.intercept;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The system's programs. */
public interface Programs {

    /** How a program ended. */
    record Ran(int exitCode, String out, String err) {}

    /** Whether there is one of that name. */
    boolean has(String name);

    /**
     * Runs one to its end, or for 30 s.
     *
     * @param input what it reads
     */
    Ran run(List<String> command, String input) throws InterceptException;

    /** Those on the path, and where administrators' programs are, which is not on everybody's. */
    static Programs system() {
        return new Programs() {
            @Override
            public boolean has(String name) {
                return find(name) != null;
            }

            private Path find(String name) {
                String path = System.getenv("PATH");
                return Stream.concat(Stream.of((path == null ? "" : path).split(":")), Stream.of("/usr/local/sbin", "/usr/sbin", "/sbin"))
                    .filter(directory -> directory.startsWith("/"))
                    .map(directory -> Path.of(directory, name)).filter(Files::isExecutable).findFirst().orElse(null);
            }

            @Override
            public Ran run(List<String> command, String input) throws InterceptException {
                List<String> words = new ArrayList<>(command);
                Path found = find(command.get(0));
                if (found == null) throw new InterceptException(command.get(0) + ": not found (expected: the package iptables installed)");
                words.set(0, found.toString());
                return ended(words, input);
            }
        };
    }

    private static Ran ended(List<String> words, String input) throws InterceptException {
        Process process = null;
        try {
            process = new ProcessBuilder(words).start();
            // Both are read at once, so that neither pipe fills while the other is waited for.
            Process running = process;
            CompletableFuture<String> err = CompletableFuture.supplyAsync(() -> text(running.getErrorStream()::readAllBytes));
            CompletableFuture<String> out = CompletableFuture.supplyAsync(() -> text(running.getInputStream()::readAllBytes));
            try (var stdin = process.getOutputStream()) {
                stdin.write(input.getBytes(StandardCharsets.US_ASCII));
            } catch (IOException closed) {
                // It has ended without reading; its own words say why.
            }
            if (!process.waitFor(30, TimeUnit.SECONDS)) throw new InterceptException(words.get(0) + ": not done after 30 s");
            return new Ran(process.exitValue(), out.join(), err.join());
        } catch (IOException e) {
            throw new InterceptException(words.get(0) + ": " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterceptException(words.get(0) + ": interrupted");
        } finally {
            if (process != null) process.destroyForcibly();
        }
    }

    /** Reads all of a stream. */
    interface Bytes {
        byte[] read() throws IOException;
    }

    private static String text(Bytes bytes) {
        try {
            return new String(bytes.read(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
