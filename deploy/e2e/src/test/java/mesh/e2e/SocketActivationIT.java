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
import mesh.model.Address;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A sidecar is replaced by another while clients connect all the time, each for one request. */
class SocketActivationIT {

    @TempDir
    private Path dir;
    private final List<String> failures = Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger answered = new AtomicInteger();
    private volatile boolean stopped;

    @Test
    void noConnectionAttemptIsLost() throws Exception {
        Address listen = Ports.free();
        try (HttpService service = new HttpService("answered"); SocketHolder holder = new SocketHolder(listen, sidecar(listen, service))) {
            long first = holder.first();
            List<Thread> clients = List.of(client(listen), client(listen));
            awaitMore(100);

            long second = holder.another();
            awaitMore(100);
            holder.end(first);
            awaitMore(200);

            // With nobody there at all they wait.
            holder.end(second);
            long third = holder.another();
            awaitMore(100);

            stopped = true;
            for (Thread client : clients) client.join(30_000);
            holder.end(third);
            System.out.printf("sidecar replaced twice: %d connections answered, %d failed%n", answered.get(), failures.size());
            assertThat(failures).isEmpty();
        }
    }

    private List<String> sidecar(Address listen, HttpService service) throws IOException {
        Path config = Files.writeString(dir.resolve("mesh.yaml"),
            "proxy:\n  listen: \"%s\"\n  upstreams:\n    - addr: \"%s\"\n".formatted(listen, service.address()));
        return List.of("--config", config.toString());
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
