package mesh.e2e;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import mesh.model.Address;

/** A client for tests that looks closely at how an answer ends. */
final class HttpCaller implements AutoCloseable {

    /**
     * An answer that has ended as it should.
     *
     * @param text  its body, cut where it is long
     * @param sum   the trailer of that name, or null
     */
    record Answer(int status, long bytes, long crc, String text, String sum) {}

    private static final int TEXT_BYTES = 1000;
    private static final long PATIENCE_SECONDS = 180L * Effort.of("gibibytes", 1);

    private final HttpClient client;

    HttpCaller(Vertx vertx, Wire wire, Identities identities) throws Exception {
        client = wire.client(vertx, identities, "web");
    }

    /** Sends a request and waits for the whole of its answer, or throws what broke it. */
    Answer call(Address target, String path) throws Exception {
        return await(open(target, HttpMethod.GET, path).compose(request -> {
            CompletableFuture<Answer> answer = answer(request, null);
            request.end();
            return Future.fromCompletionStage(answer);
        }));
    }

    /** As above, with a body. @param known whether its length is told first */
    Answer call(Address target, String path, Body body, boolean known) throws Exception {
        return await(send(target, path, body, known));
    }

    /** As above, without waiting. */
    Future<Answer> send(Address target, String path, Body body, boolean known) {
        return open(target, HttpMethod.POST, path).compose(request -> {
            CompletableFuture<Answer> answer = answer(request, null);
            if (known) request.putHeader("content-length", Long.toString(body.length()));
            else request.setChunked(true);
            request.sendHead().onSuccess(sent -> body.writeTo(request, request::end));
            return Future.fromCompletionStage(answer);
        });
    }

    /** Asks for a body and pauses at the beginning of it. */
    Future<Answer> read(Address target, String path, Pause pause) {
        return open(target, HttpMethod.GET, path).compose(request -> {
            CompletableFuture<Answer> answer = answer(request, pause);
            request.end();
            return Future.fromCompletionStage(answer);
        });
    }

    /** A request that is on its way, its body not yet begun. */
    HttpClientRequest begin(Address target, String path) throws Exception {
        HttpClientRequest request = await(open(target, HttpMethod.POST, path)).setChunked(true);
        await(request.sendHead());
        return request;
    }

    /** Begins a request and gives it up: as soon as its head and a part of its body are out, or when the answer has begun. */
    Future<Void> cancelled(Address target, String path, boolean answered) {
        return open(target, HttpMethod.POST, path).compose(request -> {
            Promise<Void> reset = Promise.promise();
            request.setChunked(true).exceptionHandler(gone -> { /* by ourselves */ });
            if (answered) {
                request.response().onFailure(reset::tryFail)
                    .onSuccess(response -> response.exceptionHandler(reset::tryFail).handler(data -> reset.tryComplete()));
            }
            request.write(Buffer.buffer(new byte[20_000])).onComplete(sent -> {
                if (!answered || sent.failed()) reset.handle(sent);
            });
            return reset.future().onSuccess(now -> request.reset());
        });
    }

    private Future<HttpClientRequest> open(Address target, HttpMethod method, String path) {
        return client.request(method, target.port(), target.host(), path);
    }

    private static CompletableFuture<Answer> answer(HttpClientRequest request, Pause pause) {
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        request.response().onSuccess(response -> read(response, answer, pause)).onFailure(answer::completeExceptionally);
        return answer;
    }

    private static void read(HttpClientResponse response, CompletableFuture<Answer> answer, Pause pause) {
        CRC32 crc = new CRC32();
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        long[] bytes = new long[1];
        response.exceptionHandler(answer::completeExceptionally);
        response.handler(data -> {
            if (bytes[0] == 0 && pause != null) {
                response.pause();
                Context context = Vertx.currentContext();
                pause.begin().thenRun(() -> context.runOnContext(over -> response.resume()));
            }
            bytes[0] += data.length();
            crc.update(data.getBytes());
            if (text.size() < TEXT_BYTES) text.writeBytes(data.getBytes(0, Math.min(data.length(), TEXT_BYTES)));
        });
        response.endHandler(end -> answer.complete(new Answer(
            response.statusCode(), bytes[0], crc.getValue(), text.toString(StandardCharsets.UTF_8), response.getTrailer("x-sum"))));
    }

    static <T> T await(Future<T> future) throws Exception {
        try {
            return future.toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    @Override
    public void close() throws Exception {
        await(client.close());
    }
}
