package mesh.e2e;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import mesh.model.Address;

/** An application behind a sidecar that behaves well or badly, as the path says. */
final class EchoService implements AutoCloseable {

    private final HttpServer server;
    private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    private final Pause pause = new Pause();

    EchoService(Vertx vertx, Wire wire, Identities identities) throws Exception {
        server = wire.server(vertx, identities, "payments").requestHandler(this::serve);
        server.listen().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    private void serve(HttpServerRequest request) {
        switch (request.path()) {
            case "/echo" -> echo(request);
            case "/sum" -> sum(request);
            case "/slow-sum" -> slowSum(request);
            case "/down" -> down(request);
            case "/early" -> early(request);
            case "/sink" -> sink(request);
            case "/open" -> new Body(200_000).writeTo(request.response().setChunked(true), () -> { /* and so on */ });
            case "/endless" -> endless(request);
            case "/cut-up" -> request.handler(data -> request.connection().close());
            case "/cut-stream" -> begun(request, () -> request.response().reset());
            case "/cut-connection" -> begun(request, () -> request.connection().close());
            default -> request.response().setStatusCode(404).end();
        }
    }

    /** What comes goes back, of known length if it came so; its sum in a trailer. */
    private static void echo(HttpServerRequest request) {
        HttpServerResponse response = request.response();
        String length = request.getHeader("content-length");
        // The empty part: an answer that is empty as a whole would get a length of 0, and HTTP/1.1 has trailers only without a length.
        if (length == null) response.setChunked(true).putHeader("trailer", "x-sum").write(Buffer.buffer());
        else response.putHeader("content-length", length);
        CRC32 crc = new CRC32();
        request.handler(data -> {
            crc.update(data.getBytes());
            response.write(data);
            if (response.writeQueueFull()) {
                request.pause();
                response.drainHandler(drained -> request.resume());
            }
        }).endHandler(end -> {
            if (length == null) response.putTrailer("x-sum", Long.toString(crc.getValue()));
            response.end();
        });
    }

    private static void sum(HttpServerRequest request) {
        CRC32 crc = new CRC32();
        request.handler(data -> crc.update(data.getBytes())).endHandler(end -> request.response().end(Long.toString(crc.getValue())));
    }

    /** The same, with a pause at the beginning. */
    private void slowSum(HttpServerRequest request) {
        sum(request.pause());
        Context context = Vertx.currentContext();
        pause.begin().thenRun(() -> context.runOnContext(over -> request.resume()));
    }

    private static void down(HttpServerRequest request) {
        Body body = new Body(Long.parseLong(request.query()));
        request.response().putHeader("content-length", Long.toString(body.length()));
        body.writeTo(request.response(), request.response()::end);
    }

    /** Answers everything before it has read anything, and reads no more. */
    private static void early(HttpServerRequest request) {
        request.pause();
        request.response().end("enough");
    }

    private void sink(HttpServerRequest request) {
        request.exceptionHandler(broken -> seen.add("broken"));
        request.handler(data -> seen.add("data")).endHandler(end -> seen.add("end"));
    }

    private void endless(HttpServerRequest request) {
        request.response().exceptionHandler(broken -> seen.add("broken")).setChunked(true);
        new Body(Long.MAX_VALUE).writeTo(request.response(), () -> seen.add("end"));
    }

    /** Answers half of what it has announced. */
    private static void begun(HttpServerRequest request, Runnable then) {
        HttpServerResponse response = request.response();
        if (request.query() == null) response.setChunked(true);
        else response.putHeader("content-length", "200000");
        response.write(Buffer.buffer(new byte[100_000])).onComplete(written -> then.run());
    }

    /** What a request has told of itself, in order: data, end or broken. */
    BlockingQueue<String> seen() {
        return seen;
    }

    /** The one pause of what is slow. */
    Pause pause() {
        return pause;
    }

    Address address() {
        return new Address("127.0.0.1", server.actualPort());
    }

    @Override
    public void close() throws Exception {
        server.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }
}
