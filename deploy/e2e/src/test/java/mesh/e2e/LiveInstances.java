package mesh.e2e;

import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/**
 * Instances that do what the last word of a path says: {@code fails}, {@code two-fails}, {@code waits} and {@code two-waits}, where the latter
 * of each pair means the instance "two" alone. Each answers with its name, and says what it saw.
 */
final class LiveInstances {

    private final Set<String> mirrored = new HashSet<>();
    private boolean open;
    private int waiting;

    HttpService start(String name) throws IOException {
        return new HttpService(0, exchange -> answer(name, exchange));
    }

    private void answer(String name, HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String word = path.substring(path.lastIndexOf('/') + 1);
        boolean two = name.equals("two");
        if (name.equals("shadow")) mirror(path);
        if (word.equals("waits") || word.equals("two-waits") && two) holdBack();
        exchange.getResponseHeaders().set("x-saw", exchange.getRequestURI() + " " + exchange.getRequestHeaders().getFirst("host")
            + " " + exchange.getRequestHeaders().getFirst("x-team"));
        exchange.getResponseHeaders().set("x-port", name + exchange.getRemoteAddress().getPort());
        boolean fails = word.equals("fails") || (word.equals("two-fails") || word.equals("healthz")) && two;
        HttpService.text(exchange, fails ? 503 : 200, name);
    }

    private synchronized void holdBack() throws IOException {
        waiting++;
        try {
            while (!open) wait();
        } catch (InterruptedException e) {
            throw new IOException("stopped", e);
        } finally {
            waiting--;
        }
    }

    /** Requests that wait now. */
    synchronized int waiting() {
        return waiting;
    }

    /** Lets those be answered, and those that come until it is done. */
    void letGo(Runnable untilDone) {
        open(true);
        untilDone.run();
        await().atMost(Duration.ofSeconds(30)).until(() -> waiting() == 0);
        open(false);
    }

    private synchronized void open(boolean now) {
        open = now;
        notifyAll();
    }

    private synchronized void mirror(String path) {
        mirrored.add(path);
    }

    /** Whether the instance "shadow" was asked for that. */
    synchronized boolean isMirrored(String path) {
        return mirrored.contains(path);
    }
}
