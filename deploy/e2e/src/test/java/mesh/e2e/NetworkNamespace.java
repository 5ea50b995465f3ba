package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A network of its own, held by a process that sleeps, and gone with it. Needs root and iproute2. */
public final class NetworkNamespace implements AutoCloseable {

    private final Process holder;

    /** With loopback up and nothing else. Skips the test where namespaces cannot be made. */
    public NetworkNamespace() {
        Judge.find("ip", "the package iproute2");
        Judge.find("nsenter", "the package util-linux");
        try {
            holder = new ProcessBuilder("unshare", "-n", "sh", "-c", "ip link set lo up && echo up && exec sleep 600").redirectErrorStream(true).start();
            String said = holder.inputReader().readLine();
            Assumptions.assumeTrue("up".equals(said), "a network namespace cannot be made (expected: root): " + said);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public long pid() {
        return holder.pid();
    }

    /** The words that run a command in it. */
    public List<String> inside(List<String> command) {
        List<String> words = new ArrayList<>(List.of("nsenter", "-t", Long.toString(pid()), "-n", "--"));
        words.addAll(command);
        return words;
    }

    /** Runs a command in it and returns what it wrote. */
    public String run(String... command) {
        return Judge.find("nsenter", "the package util-linux").mustDo("", inside(List.of(command)).subList(1, command.length + 5));
    }

    @Override
    public void close() {
        holder.destroyForcibly();
        try {
            assertThat(holder.waitFor(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
