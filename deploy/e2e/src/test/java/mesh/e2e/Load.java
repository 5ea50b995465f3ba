package mesh.e2e;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import mesh.model.Address;

/**
 * Clients that send one request after the other over kept connections until they are stopped, and miss nothing: every answer is counted by
 * its body, and everything that is not a 200 is a failure.
 */
final class Load implements AutoCloseable {

    /** One answer: when its request began, on the clock of {@link System#nanoTime}, and its body. */
    record Answer(long begun, String body) {}

    /** Opens a connection. */
    @FunctionalInterface
    private interface Door {
        Socket open() throws IOException;
    }

    private final Door door;
    private final String path;
    private final long pauseMillis;
    private final List<Thread> clients = new ArrayList<>();
    private final List<String> failures = Collections.synchronizedList(new ArrayList<>());
    private final ConcurrentLinkedQueue<Answer> answers = new ConcurrentLinkedQueue<>();
    private final Map<String, AtomicInteger> counts = new ConcurrentHashMap<>();
    private volatile boolean stopped;

    /** @param pauseMillis between a client's answer and its next request */
    static Load start(Address target, String path, int clients, long pauseMillis) {
        return start(() -> new Socket(target.host(), target.port()), path, clients, pauseMillis);
    }

    /** Over mTLS, without a pause. */
    static Load startTls(Address target, String path, int clients, ClientTls tls) {
        return start(() -> tls.connect(target), path, clients, 0);
    }

    private static Load start(Door door, String path, int clients, long pauseMillis) {
        Load load = new Load(door, path, pauseMillis);
        for (int i = 0; i < clients; i++) {
            Thread client = new Thread(load::run, "client-" + i);
            client.setDaemon(true);
            load.clients.add(client);
        }
        load.clients.forEach(Thread::start);
        return load;
    }

    private Load(Door door, String path, long pauseMillis) {
        this.door = door;
        this.path = path;
        this.pauseMillis = pauseMillis;
    }

    private void run() {
        while (!stopped) {
            try (Socket socket = door.open()) {
                socket.setTcpNoDelay(true);
                socket.setSoTimeout(20_000);
                InputStream in = new BufferedInputStream(socket.getInputStream());
                while (!stopped && exchange(socket, in)) Thread.sleep(pauseMillis);
            } catch (IOException e) {
                failures.add(e.toString());
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /** @return whether the connection goes on */
    private boolean exchange(Socket socket, InputStream in) throws IOException {
        long begun = System.nanoTime();
        socket.getOutputStream().write(("GET " + path + " HTTP/1.1\r\nhost: payments\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        String status = line(in);
        int length = 0;
        boolean close = false;
        for (String field; !(field = line(in)).isEmpty(); ) {
            String lower = field.toLowerCase(Locale.ROOT);
            if (lower.startsWith("content-length:")) length = Integer.parseInt(lower.substring(15).strip());
            if (lower.equals("connection: close")) close = true;
        }
        String body = new String(in.readNBytes(length), StandardCharsets.UTF_8);
        if (status.startsWith("HTTP/1.1 200")) {
            answers.add(new Answer(begun, body));
            counts.computeIfAbsent(body, unused -> new AtomicInteger()).incrementAndGet();
        } else {
            failures.add(status + " " + body.strip());
        }
        return !close;
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int b; (b = in.read()) != '\n'; ) {
            if (b < 0) throw new IOException("closed" + (line.isEmpty() ? " without an answer" : " within a line"));
            if (b != '\r') line.append((char) b);
        }
        return line.toString();
    }

    int answered() {
        return counts.values().stream().mapToInt(AtomicInteger::get).sum();
    }

    /** Answered, well or not. */
    int ended() {
        return answered() + failures.size();
    }

    /** Waits until that many more have been answered than were at the call. */
    void awaitMore(int requests) throws InterruptedException {
        await(this::answered, requests);
    }

    /** As above, where failures are expected. */
    void awaitMoreEnded(int requests) throws InterruptedException {
        await(this::ended, requests);
    }

    private void await(IntSupplier done, int more) throws InterruptedException {
        int goal = done.getAsInt() + more;
        long end = System.nanoTime() + 180_000_000_000L;
        while (done.getAsInt() < goal) {
            if (System.nanoTime() > end) throw new AssertionError("only " + done.getAsInt() + " of " + goal + "; failures: " + failures);
            Thread.sleep(5);
        }
    }

    /** Answers with a body. */
    int count(String body) {
        return counts().getOrDefault(body, 0);
    }

    /** Answers by body. */
    Map<String, Integer> counts() {
        Map<String, Integer> now = new TreeMap<>();
        counts.forEach((body, count) -> now.put(body, count.get()));
        return now;
    }

    /** Answers to requests that began after a moment, in the order in which they began. Those that began before it are forgotten. */
    List<Answer> since(long moment) {
        answers.removeIf(answer -> answer.begun() - moment <= 0);
        return answers.stream().sorted(Comparator.comparingLong(answer -> answer.begun() - moment)).toList();
    }

    List<String> failures() {
        return List.copyOf(failures);
    }

    /** Lets every client end its last request. */
    void stop() throws InterruptedException {
        stopped = true;
        for (Thread client : clients) client.join(30_000);
    }

    @Override
    public void close() {
        stopped = true;
        clients.forEach(Thread::interrupt);
    }
}
