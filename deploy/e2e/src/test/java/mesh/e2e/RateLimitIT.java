package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.util.Durations;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.model.Address;
import mesh.v1.Cluster;
import mesh.v1.Config;
import mesh.v1.DownstreamTls;
import mesh.v1.Endpoint;
import mesh.v1.Listener;
import mesh.v1.ListenerLimits;
import mesh.v1.RateLimit;
import mesh.v1.Scope;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code batch} and {@code web} call {@code payments}, each through a sidecar of its own, and payments' sidecar gives each identity
 * five requests and then one an hour.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RateLimitIT {

    private static final int BURST = 5;
    private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @TempDir
    private static Path dir;

    private final Map<String, Address> ports = new HashMap<>();
    private HttpService http;
    private GrpcService grpc;
    private ControlPlaneProcess controlPlane;
    private SidecarProcess payments;
    private SidecarProcess batch;
    private SidecarProcess web;

    @BeforeAll
    void start() throws Exception {
        http = new HttpService("paid");
        grpc = new GrpcService("paid");
        controlPlane = new ControlPlaneProcess(dir.resolve("control-plane"));
        payments = SidecarProcess.of(controlPlane, "payments", "payments-1", dir);
        batch = SidecarProcess.of(controlPlane, "batch", "batch-1", dir);
        web = SidecarProcess.of(controlPlane, "web", "web-1", dir);
        push(false);
    }

    @AfterAll
    void stop() throws Exception {
        for (AutoCloseable each : new AutoCloseable[] {web, batch, payments, controlPlane, grpc, http}) if (each != null) each.close();
    }

    @Test
    void theNoisyOneIsLimitedAndTheQuietOneBesideItIsNot() throws Exception {
        try (Load noisy = Load.start(ports.get("batch-http"), "/", 2, 0)) {
            noisy.awaitMoreEnded(BURST + 20);
            for (int i = 0; i < BURST; i++) {
                assertThat(get("web-http").statusCode()).as("the quiet one's request %d", i + 1).isEqualTo(200);
                noisy.awaitMoreEnded(20);
            }
            noisy.stop();
            assertThat(noisy.answered()).isEqualTo(BURST);
            assertThat(noisy.failures()).allMatch(failure -> failure.startsWith("HTTP/1.1 429"));
            assertThat(http.requests()).isEqualTo(2 * BURST);
            int refused = noisy.failures().size();
            assertThat(payments.metric("mesh_rate_limited_total{scope=\"listener\",name=\"http-in\",outcome=\"refused\",}")).isEqualTo(refused);
            assertThat(payments.metric("mesh_requests_total{service=\"payments\",status=\"429\",}")).isGreaterThanOrEqualTo(refused);
        }
        HttpResponse<String> answer = get("batch-http");
        assertThat(answer.statusCode()).isEqualTo(429);
        assertThat(Integer.parseInt(answer.headers().firstValue("retry-after").orElseThrow())).isBetween(1, 3600);
        assertThat(answer.headers().firstValue("ratelimit").orElseThrow()).startsWith("\"listener\";r=0;t=");
        assertThat(answer.headers().firstValue("ratelimit-policy")).contains("\"listener\";q=5;w=18000");

        push(true);
        assertThat(get("batch-http").statusCode()).as("the limit is only counted now").isEqualTo(200);
    }

    @Test
    void aGrpcClientIsToldThatItsResourcesAreExhaustedAndTheOneBesideItIsServed() throws Exception {
        ManagedChannel noisy = channel("batch-grpc");
        ManagedChannel quiet = channel("web-grpc");
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            AtomicBoolean stopped = new AtomicBoolean();
            Map<Status.Code, AtomicInteger> told = new ConcurrentHashMap<>();
            Future<?> calls = thread.submit(() -> {
                while (!stopped.get()) told.computeIfAbsent(outcome(noisy), unused -> new AtomicInteger()).incrementAndGet();
            });
            for (int i = 0; i < BURST; i++) {
                int before = refused(told);
                await().atMost(Duration.ofSeconds(30)).until(() -> refused(told) > before + 5);
                assertThat(GrpcService.call(quiet)).isEqualTo("paid");
            }
            stopped.set(true);
            calls.get(30, TimeUnit.SECONDS);
            assertThat(told.keySet()).containsExactlyInAnyOrder(Status.Code.OK, Status.Code.RESOURCE_EXHAUSTED);
            assertThat(told.get(Status.Code.OK)).hasValue(BURST);
            assertThat(grpc.calls()).isEqualTo(2 * BURST);
            assertThat(payments.metric("mesh_rate_limited_total{scope=\"listener\",name=\"grpc-in\",outcome=\"refused\",}")).isEqualTo(refused(told));
        } finally {
            thread.shutdownNow();
            noisy.shutdownNow();
            quiet.shutdownNow();
        }
    }

    private static Status.Code outcome(ManagedChannel channel) {
        try {
            GrpcService.call(channel);
            return Status.Code.OK;
        } catch (StatusRuntimeException e) {
            return e.getStatus().getCode();
        }
    }

    private static int refused(Map<Status.Code, AtomicInteger> told) {
        return told.getOrDefault(Status.Code.RESOURCE_EXHAUSTED, new AtomicInteger()).get();
    }

    private ManagedChannel channel(String port) {
        return NettyChannelBuilder.forAddress(ports.get(port).host(), ports.get(port).port()).usePlaintext().build();
    }

    private HttpResponse<String> get(String port) throws Exception {
        return HTTP.send(HttpRequest.newBuilder(URI.create("http://" + ports.get(port) + "/")).build(), HttpResponse.BodyHandlers.ofString());
    }

    /** @param shadow of the limit on HTTP */
    private void push(boolean shadow) throws Exception {
        Config.Builder config = Config.newBuilder();
        service(config, "http", http.address(), shadow);
        service(config, "grpc", grpc.address(), false);
        controlPlane.awaitSync(controlPlane.apply(config.build()), "payments-1", "batch-1", "web-1");
    }

    private void service(Config.Builder config, String name, Address application, boolean shadow) throws Exception {
        Address inbound = port(name + "-in");
        config.addListeners(Listener.newBuilder().setName(name + "-in").setListen(inbound.toString()).setCluster(name + "-app")
            .setScope(Scope.newBuilder().setWorkload("payments")).setService("payments").setTls(DownstreamTls.getDefaultInstance())
            .setLimits(ListenerLimits.newBuilder().setRate(RateLimit.newBuilder()
                .setRequests(1).setPer(Durations.fromHours(1)).setBurst(BURST).setKey("spiffe_id").setShadow(shadow))));
        config.addClusters(Cluster.newBuilder().setName(name + "-app").addEndpoints(Endpoint.newBuilder().setAddress(application.toString())));
        config.addClusters(Cluster.newBuilder().setName(name).setConnectTimeout(Durations.fromSeconds(10))
            .addEndpoints(Endpoint.newBuilder().setAddress(inbound.toString()).setSpiffeId("spiffe://mesh.local/payments")));
        for (String workload : new String[] {"batch", "web"}) {
            config.addListeners(Listener.newBuilder().setName(workload + "-" + name).setListen(port(workload + "-" + name).toString())
                .setScope(Scope.newBuilder().setWorkload(workload)).setCluster(name));
        }
    }

    private Address port(String name) throws Exception {
        if (!ports.containsKey(name)) ports.put(name, Ports.free());
        return ports.get(name);
    }
}
