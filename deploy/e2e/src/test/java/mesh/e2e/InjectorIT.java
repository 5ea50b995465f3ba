package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import mesh.pki.PemFiles;
import mesh.v1.SidecarStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged control plane as the API server's webhook, and whether the packaged data plane understands what it puts into a pod. */
class InjectorIT {

    private static final Pattern READY = Pattern.compile("injector ready: https 127.0.0.1:(\\d+)");
    private static final String REVIEW = """
        {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "1", "namespace": "shop", "operation": "CREATE",
         "kind": {"group": "", "version": "v1", "kind": "Pod"}, "object": {"apiVersion": "v1", "kind": "Pod",
           "metadata": {"name": "payments-1", "annotations": {"mesh/exclude-outbound-ports": "5432", "mesh/proxy-metrics-port": "19090"}},
           "spec": {"serviceAccountName": "payments", "containers": [{"name": "payments", "image": "payments:1",
             "readinessProbe": {"httpGet": {"path": "/healthz?deep=1", "port": 8080}}, "livenessProbe": {"tcpSocket": {"port": 8080}}}]}}}}""";

    @TempDir
    private Path dir;

    @Test
    void aSidecarStartsAsTheWebhookSays() throws Exception {
        Path token = Files.writeString(dir.resolve("token"), "first.of.pod");
        try (TokenReviewApi api = new TokenReviewApi(dir.resolve("kubernetes"));
            ControlPlaneProcess controlPlane = new ControlPlaneProcess(dir.resolve("control-plane"),
                with(api.options(), "--injector-listen", "127.0.0.1:0", "--sidecar-image", "registry.example/mesh/data-plane:9"))) {
            api.mint("first.of.pod", "shop:payments");
            JsonArray containers = containers(review(controlPlane));
            JsonObject rules = containers.getJsonObject(0);
            JsonObject proxy = containers.getJsonObject(1);
            assertThat(proxy.getString("image")).isEqualTo("registry.example/mesh/data-plane:9");
            assertThat(words(proxy)).containsSequence("--ca-pin", controlPlane.token("any").getCaPin());

            List<String> dry = words(rules);
            dry.add("--dry-run");
            try (MeshProcess printed = MeshProcess.dataPlane(dry.toArray(String[]::new))) {
                assertThat(printed.exitCode()).as(printed.log()).isZero();
                assertThat(printed.log()).contains("5432", "19090");
            }
            List<String> start = inPod(words(proxy), Map.of("mesh-control-plane.mesh-system.svc:15012", controlPlane.tls().toString(),
                "/var/run/secrets/mesh/token", token.toString(), "/var/lib/mesh/state", dir.resolve("state").toString(),
                "$(POD_NAMESPACE)", "shop", "$(POD_SERVICE_ACCOUNT)", "payments", "$(POD_NAME)", "payments-1", ":19090", "127.0.0.1:0"));
            start.addAll(List.of("--admin-listen", "127.0.0.1:0", "--health-listen", "127.0.0.1:0"));
            try (MeshProcess sidecar = MeshProcess.dataPlane(start.toArray(String[]::new))) {
                sidecar.awaitLine(Pattern.compile("sidecar started: "));
                await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> assertThat(controlPlane.sidecars())
                    .extracting(SidecarStatus::getNode, SidecarStatus::getSpiffeId)
                    .containsExactly(tuple("payments-1.shop", "spiffe://mesh.local/ns/shop/sa/payments")));
            }
            HttpRequest scrape = HttpRequest.newBuilder(URI.create("http://" + controlPlane.metrics() + "/metrics")).build();
            assertThat(HttpClient.newHttpClient().send(scrape, BodyHandlers.ofString()).body())
                .contains("mesh_injections_total{result=\"injected\"} 1.0");
        }
    }

    private JsonObject review(ControlPlaneProcess controlPlane) throws Exception {
        String port = controlPlane.process().awaitLine(READY).group(1);
        HttpRequest request = HttpRequest.newBuilder(URI.create("https://localhost:" + port + "/inject"))
            .POST(HttpRequest.BodyPublishers.ofString(REVIEW)).build();
        var answer = HttpClient.newBuilder().sslContext(trusting(PemFiles.certificates(dir.resolve("control-plane/roots.pem")))).build()
            .send(request, BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return new JsonObject(answer.body()).getJsonObject("response");
    }

    private static JsonArray containers(JsonObject response) {
        JsonArray patch = new JsonArray(new String(Base64.getDecoder().decode(response.getString("patch")), StandardCharsets.UTF_8));
        return patch.stream().map(JsonObject.class::cast).filter(each -> each.getString("path").equals("/spec/initContainers")).findFirst().orElseThrow()
            .getJsonArray("value");
    }

    private static List<String> words(JsonObject container) {
        return new ArrayList<>(container.getJsonArray("args").stream().map(String.class::cast).toList());
    }

    /** What a kubelet and a cluster would put in. */
    private static List<String> inPod(List<String> words, Map<String, String> values) {
        List<String> real = new ArrayList<>();
        for (String word : words) {
            for (Map.Entry<String, String> each : values.entrySet()) word = word.replace(each.getKey(), each.getValue());
            real.add(word);
        }
        return real;
    }

    private static String[] with(String[] some, String... more) {
        List<String> all = new ArrayList<>(List.of(some));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    private static SSLContext trusting(List<X509Certificate> roots) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        for (int i = 0; i < roots.size(); i++) store.setCertificateEntry("root" + i, roots.get(i));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }
}
