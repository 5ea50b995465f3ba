package mesh.e2e;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.model.Address;

/**
 * An application on one address, which it has again after a restart: answers HTTP/1.1, HTTP/2 and the gRPC call of {@link GrpcService} with its
 * name. It dies as a process does that is not careful: its connections are cut at once, whatever is on them.
 */
final class RestartableApp implements AutoCloseable {

    private static final byte[] UNCOMPRESSED = {0};

    private final Vertx vertx;
    private final String name;
    private final Address address;
    private final AtomicInteger requests = new AtomicInteger();
    private HttpServer server;

    RestartableApp(Vertx vertx, String name) throws Exception {
        this.vertx = vertx;
        this.name = name;
        this.address = Ports.free();
        start();
    }

    void start() throws Exception {
        server = vertx.createHttpServer(new HttpServerOptions().setHost(address.host()).setPort(address.port())).requestHandler(this::answer);
        HttpCaller.await(server.listen());
    }

    void stop() throws Exception {
        HttpCaller.await(server.close());
    }

    private void answer(HttpServerRequest request) {
        requests.incrementAndGet();
        if (request.method().name().equals("POST")) request.endHandler(whole -> answerCall(request));
        else request.response().end(name);
    }

    private void answerCall(HttpServerRequest request) {
        byte[] message = name.getBytes(StandardCharsets.UTF_8);
        request.response().putHeader("content-type", "application/grpc").putTrailer("grpc-status", "0")
            .end(Buffer.buffer(UNCOMPRESSED).appendInt(message.length).appendBytes(message));
    }

    String name() {
        return name;
    }

    Address address() {
        return address;
    }

    int requests() {
        return requests.get();
    }

    @Override
    public void close() throws Exception {
        stop();
    }
}
