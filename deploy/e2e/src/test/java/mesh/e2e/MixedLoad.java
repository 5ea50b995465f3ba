package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.model.Address;

/** Requests of HTTP/1.1 and HTTP/2, and calls of gRPC, at a steady rate until they are stopped; each that is not answered well is kept, with why. */
final class MixedLoad implements AutoCloseable {

    private static final long PAUSE_MILLIS = 10;

    private final Map<String, AtomicInteger> answered = new LinkedHashMap<>();
    private final List<String> failures = Collections.synchronizedList(new ArrayList<>());
    private final List<Thread> threads = new ArrayList<>();
    private final HttpCaller http1;
    private final HttpCaller http2;
    private final ManagedChannel grpc;
    private volatile boolean stopped;

    MixedLoad(Vertx vertx, Identities identities, Address target) throws Exception {
        http1 = new HttpCaller(vertx, Wire.HTTP1, identities);
        http2 = new HttpCaller(vertx, Wire.H2C, identities);
        grpc = NettyChannelBuilder.forAddress(target.host(), target.port()).usePlaintext().build();
        client("HTTP/1.1", () -> ok(http1.call(target, "/")));
        client("HTTP/2", () -> ok(http2.call(target, "/")));
        client("gRPC", () -> GrpcService.callNow(grpc));
        threads.forEach(Thread::start);
    }

    private void client(String protocol, Callable<String> request) {
        AtomicInteger count = new AtomicInteger();
        answered.put(protocol, count);
        Thread thread = new Thread(() -> run(protocol, request, count), "load-" + protocol);
        thread.setDaemon(true);
        threads.add(thread);
    }

    private void run(String protocol, Callable<String> request, AtomicInteger count) {
        while (!stopped) {
            try {
                request.call();
                count.incrementAndGet();
                TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            } catch (InterruptedException e) {
                return;
            } catch (Exception e) {
                failures.add(protocol + ": " + e);
            }
        }
    }

    private static String ok(HttpCaller.Answer answer) {
        if (answer.status() != 200) throw new IllegalStateException(answer.status() + " " + answer.text());
        return answer.text();
    }

    /** Waits until each protocol has had so many more answers. */
    void awaitMore(int each) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
        for (AtomicInteger count : answered.values()) {
            for (int goal = count.get() + each; count.get() < goal; TimeUnit.MILLISECONDS.sleep(5)) {
                assertThat(System.nanoTime() - end).as("%s; failures: %s", this, failures).isNegative();
            }
        }
    }

    List<String> failures() {
        return List.copyOf(failures);
    }

    /** Lets every client end its last request. */
    void stop() throws InterruptedException {
        stopped = true;
        for (Thread thread : threads) thread.join(30_000);
    }

    @Override
    public String toString() {
        return answered + " answered, " + failures.size() + " failed";
    }

    @Override
    public void close() throws Exception {
        stopped = true;
        threads.forEach(Thread::interrupt);
        grpc.shutdownNow();
        http1.close();
        http2.close();
    }
}
