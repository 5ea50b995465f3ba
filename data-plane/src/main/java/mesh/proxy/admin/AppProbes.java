package mesh.proxy.admin;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.StreamObserver;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Asks the application as its pod's probes would have: {@code /app-health/NAME} of the health listener. An answer to HTTP is passed on by its
 * status, redirects included, and without its body; another way it is 200 or 503. It may take as long as whoever asks has patience, 60 s at most.
 */
final class AppProbes {

    static final String PREFIX = "/app-health/";

    private static final int PATIENCE_SECONDS = 60;
    /** Of this hop, or made anew. */
    private static final Set<String> NOT_PASSED_ON =
        Set.of("connection", "content-length", "host", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade");

    private final Map<String, AppProbe> probes;
    private final HttpClient http;
    private final NetClient tcp;

    AppProbes(Vertx vertx, List<AppProbe> probes) {
        this.probes = probes.stream().collect(Collectors.toUnmodifiableMap(AppProbe::name, Function.identity(), (first, last) -> last));
        // As a kubelet does: no connection is kept, and a certificate of the application's own is not verified.
        this.http = vertx.createHttpClient(new HttpClientOptions().setKeepAlive(false).setMaxPoolSize(64).setMaxWaitQueueSize(64)
            .setTrustAll(true).setVerifyHost(false).setConnectTimeout(PATIENCE_SECONDS * 1000));
        this.tcp = vertx.createNetClient(new NetClientOptions().setConnectTimeout(PATIENCE_SECONDS * 1000));
    }

    /** @return null for none of that name */
    AppProbe of(String path) {
        return probes.get(path.substring(PREFIX.length()));
    }

    Set<String> names() {
        return probes.keySet();
    }

    void ask(AppProbe probe, HttpServerRequest request) {
        switch (probe.kind()) {
            case HTTP, HTTPS -> askHttp(probe, request);
            case TCP -> tcp.connect(probe.port(), probe.host())
                .onSuccess(socket -> {
                    socket.close();
                    answer(request, 200, "");
                })
                .onFailure(failure -> fail(probe, request, failure.getMessage()));
            case GRPC -> askGrpc(probe, request);
        }
    }

    private void askHttp(AppProbe probe, HttpServerRequest request) {
        RequestOptions options = new RequestOptions().setMethod(HttpMethod.GET).setHost(probe.host()).setPort(probe.port())
            .setSsl(probe.kind() == AppProbe.Kind.HTTPS).setURI(probe.path()).setTimeout(PATIENCE_SECONDS * 1000L);
        http.request(options)
            .compose(asked -> {
                // Whoever has lost patience leaves the application alone as well.
                request.connection().closeHandler(gone -> asked.reset());
                passOn(request, asked, probe);
                return asked.send();
            })
            .onSuccess(got -> {
                got.request().reset();
                answer(request, got.statusCode(), "");
            })
            .onFailure(failure -> fail(probe, request, failure.getMessage()));
    }

    private static void passOn(HttpServerRequest request, HttpClientRequest asked, AppProbe probe) {
        request.headers().forEach(field -> {
            if (!NOT_PASSED_ON.contains(field.getKey().toLowerCase(Locale.ROOT))) {
                asked.headers().add(field.getKey(), field.getValue());
            }
        });
        // A probe that names a host of its own means the application; otherwise it is the address that was asked, with our port.
        String host = request.getHeader("host");
        boolean ours = host == null || host.endsWith(":" + request.localAddress().port());
        asked.putHeader("host", !ours ? host : (host == null ? probe.host() : host.substring(0, host.lastIndexOf(':'))) + ":" + probe.port());
    }

    private static void askGrpc(AppProbe probe, HttpServerRequest request) {
        ManagedChannel channel = Grpc.newChannelBuilderForAddress(probe.host(), probe.port(), InsecureChannelCredentials.create()).build();
        request.connection().closeHandler(gone -> channel.shutdownNow());
        HealthGrpc.newStub(channel).withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)
            .check(HealthCheckRequest.newBuilder().setService(probe.path()).build(), new StreamObserver<>() {
                @Override
                public void onNext(HealthCheckResponse response) {
                    if (response.getStatus() == ServingStatus.SERVING) answer(request, 200, "");
                    else fail(probe, request, response.getStatus() + " (expected: SERVING)");
                }

                @Override
                public void onError(Throwable failure) {
                    fail(probe, request, failure.getMessage());
                    channel.shutdownNow();
                }

                @Override
                public void onCompleted() {
                    channel.shutdownNow();
                }
            });
    }

    private static void fail(AppProbe probe, HttpServerRequest request, String why) {
        answer(request, 503, probe.name() + ": " + why + "\n");
    }

    private static void answer(HttpServerRequest request, int status, String text) {
        if (!request.response().ended() && !request.response().closed()) {
            request.response().setStatusCode(status).putHeader("content-type", "text/plain; charset=utf-8").end(text);
        }
    }

    void close() {
        http.close();
        tcp.close();
    }
}
