package mesh.control.inject;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.fabric8.zjsonpatch.JsonPatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import mesh.model.Address;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reviews of pods as an API server sends them in, exact patches out: {@code inject/NAME.pod.yaml} and {@code inject/NAME.patch.json}. */
class AdmissionTest {

    private static final Path PODS = Path.of("src/test/resources/inject");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
    private static final KubernetesSerialization OBJECTS = new KubernetesSerialization();

    private final List<String> counted = new ArrayList<>();
    private final SidecarSettings settings = new SidecarSettings("registry.example/mesh/data-plane:0.1.0",
        List.of(Address.parse("mesh-control-plane.mesh-system.svc:15012")), () -> "sha256:" + "ab".repeat(32), true);
    private final Admission admission = new Admission(new SidecarInjector(settings), counted::add);

    @ParameterizedTest
    @ValueSource(strings = {"deployment", "job", "cronjob", "statefulset"})
    void putsIntoAPodWhatItsPatchSays(String name) throws IOException {
        JsonNode response = review(pod(name));

        assertThat(response.path("allowed").asBoolean()).isTrue();
        assertThat(response.path("patchType").asText()).isEqualTo("JSONPatch");
        assertThat(JSON.writerWithDefaultPrettyPrinter().writeValueAsString(patch(response)) + "\n")
            .isEqualTo(Files.readString(PODS.resolve(name + ".patch.json")));
        assertThat(counted).containsExactly("injected");
    }

    @ParameterizedTest
    @ValueSource(strings = {"deployment", "job", "cronjob", "statefulset"})
    void leavesAPodThatItHasInjected(String name) throws IOException {
        JsonNode once = injected(name);
        assertThat(unchanged(review(once))).isEmpty();
    }

    @Test
    void startsTheSidecarBetweenTheRulesAndTheOtherInitContainers() throws IOException {
        Pod nativeOne = OBJECTS.convertValue(injected("deployment"), Pod.class);
        assertThat(nativeOne.getSpec().getInitContainers()).extracting(Container::getName).containsExactly("mesh-init", "mesh-proxy");
        assertThat(nativeOne.getSpec().getInitContainers().get(1).getRestartPolicy()).isEqualTo("Always");

        Pod plain = OBJECTS.convertValue(injected("statefulset"), Pod.class);
        assertThat(plain.getSpec().getInitContainers()).extracting(Container::getName).containsExactly("migrate", "mesh-init");
        assertThat(plain.getSpec().getContainers()).extracting(Container::getName).containsExactly("mesh-proxy", "ledger");
    }

    @Test
    void leavesWhatItCannotServeAndSaysSo() throws IOException {
        assertThat(unchanged(review(with("job", "/spec", "hostNetwork", "true"))))
            .isEqualTo("mesh: no sidecar: hostNetwork: its connections are the node's, and rules for them would be for all of the node");
        ObjectNode windows = with("job", "/spec", "os", "{\"name\": \"windows\"}");
        assertThat(unchanged(review(windows))).isEqualTo("mesh: no sidecar: it runs on Windows");
        ObjectNode other = with("job", "/spec", "initContainers", "[{\"name\": \"istio-proxy\"}]");
        assertThat(unchanged(review(other))).isEqualTo("mesh: no sidecar: it has the sidecar of another mesh, istio-proxy");
    }

    @ParameterizedTest
    @CsvSource({"labels, disabled", "labels, false", "annotations, disabled", "annotations, false"})
    void leavesWhoeverOptsOutWithoutAWord(String where, String value) throws IOException {
        assertThat(unchanged(review(with("job", "/metadata", where, "{\"mesh/inject\": \"" + value + "\"}")))).isEmpty();
        assertThat(counted).containsExactly("skipped");
    }

    @Test
    void leavesWhatIsNoPod() throws IOException {
        ObjectNode review = reviewOf(pod("job"));
        ((ObjectNode) review.at("/request/kind")).put("kind", "ConfigMap");
        assertThat(unchanged(JSON.readTree(admission.review(review.toString())).path("response"))).isEmpty();
    }

    @Test
    void refusesEveryAnnotationThatCannotBeMeantAtOnce() throws IOException {
        JsonNode response = review(with("job", "/metadata", "annotations", """
            {"mesh/inject": "maybe", "mesh/exclude-outbound-ports": "http", "mesh/exclude-inbound-ports": "70000",
             "mesh/exclude-outbound-cidrs": "shop.example",
             "mesh/proxy-cpu-request": "lots", "mesh/proxy-memory-limit": "1Mi", "mesh/proxy-memory-request": "2Mi", "mesh/proxy-log-level": "loud",
             "mesh/proxy-concurrency": "0", "mesh/interception": "tproxy", "mesh/excludeOutboundPorts": "1", "other/annotation": "x"}"""));

        assertThat(response.path("allowed").asBoolean()).isFalse();
        assertThat(response.at("/status/code").asInt()).isEqualTo(400);
        assertThat(response.at("/status/message").asText().lines()).containsExactlyInAnyOrder(
            "mesh/inject: \"maybe\" (expected: enabled or disabled, true or false)",
            "mesh/exclude-outbound-ports: \"http\" (expected: ports by commas such as 5432,9000-9010)",
            "mesh/exclude-inbound-ports: \"70000\" (expected: ports by commas such as 5432,9000-9010)",
            "mesh/exclude-outbound-cidrs: \"shop.example\" (expected: CIDRs by commas such as 10.0.0.0/8,fd00::/8)",
            "mesh/proxy-cpu-request: \"lots\" (expected: a quantity such as 250m or 256Mi)",
            "mesh/proxy-memory-limit: \"1Mi\" (expected: at least the request, 2Mi)",
            "mesh/proxy-log-level: \"loud\" (expected: one of [debug, error, info, trace, warn])",
            "mesh/proxy-concurrency: \"0\" (expected: 1 to 256)",
            "mesh/interception: \"tproxy\" (expected: one of [none, redirect])",
            "mesh/excludeOutboundPorts: unknown (expected: an annotation that is described for pods)");
        assertThat(counted).containsExactly("refused");
    }

    @Test
    void refusesAPodWhosePortsTheSidecarNeeds() throws IOException {
        ObjectNode pod = (ObjectNode) pod("statefulset");
        ((ObjectNode) pod.at("/metadata/annotations")).remove("mesh/proxy-metrics-port");
        assertThat(review(pod).at("/status/message").asText()).isEqualTo(
            "container \"ledger\" has port 9090, where the sidecar's metrics are (expected: mesh/proxy-metrics-port says another)");
    }

    @Test
    void leavesProbesThatAreNotForTheApplicationOrNoUrl() throws IOException {
        ObjectNode pod = (ObjectNode) pod("job");
        ((ObjectNode) pod.at("/spec/containers/0")).set("readinessProbe", JSON.readTree("{\"httpGet\": {\"host\": \"10.0.0.1\", \"port\": 80}}"));
        ((ObjectNode) pod.at("/spec/containers/0")).set("livenessProbe", JSON.readTree("{\"httpGet\": {\"path\": \"/a b\", \"port\": 80}}"));
        ((ObjectNode) pod.at("/spec/containers/0")).set("startupProbe", JSON.readTree("{\"httpGet\": {\"path\": \"/$(HOME)\", \"port\": 80}}"));
        JsonNode patch = patch(review(pod));
        assertThat(patch.findValuesAsText("path")).contains("/spec/containers/0/startupProbe/httpGet")
            .doesNotContain("/spec/containers/0/readinessProbe/httpGet", "/spec/containers/0/livenessProbe/httpGet");
        assertThat(patch.toString()).contains("settle/startupz=http://127.0.0.1:80/$$(HOME)");
    }

    @Test
    void warnsOfAUserThatTheRulesLeaveAlone() throws IOException {
        JsonNode response = review(with("job", "/spec", "securityContext", "{\"runAsUser\": 1337}"));
        assertThat(response.path("warnings").path(0).asText())
            .isEqualTo("mesh: container \"settle\" runs as user 1337, which is the sidecar's: its calls go around the mesh");
        assertThat(response.has("patch")).isTrue();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "hello | not JSON (expected: an AdmissionReview of admission.k8s.io/v1)",
        "{} | \" \" (expected: an AdmissionReview of admission.k8s.io/v1 with a request)",
        "{\"apiVersion\": \"admission.k8s.io/v1beta1\", \"kind\": \"AdmissionReview\"} | \"admission.k8s.io/v1beta1 AdmissionReview\" (expected",
    })
    void refusesWhatIsNoReview(String text, String message) {
        assertThatThrownBy(() -> admission.review(text)).isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith(message);
    }

    private JsonNode injected(String name) throws IOException {
        return JsonPatch.apply(patch(review(pod(name))), pod(name));
    }

    private static JsonNode patch(JsonNode response) throws IOException {
        return JSON.readTree(Base64.getDecoder().decode(response.path("patch").asText()));
    }

    /** @return the warning, "" for none */
    private static String unchanged(JsonNode response) {
        assertThat(response.path("allowed").asBoolean()).isTrue();
        assertThat(response.has("patch")).isFalse();
        return response.path("warnings").path(0).asText();
    }

    private JsonNode review(JsonNode pod) throws IOException {
        JsonNode answer = JSON.readTree(admission.review(reviewOf(pod).toString()));
        assertThat(answer.path("apiVersion").asText()).isEqualTo("admission.k8s.io/v1");
        assertThat(answer.path("kind").asText()).isEqualTo("AdmissionReview");
        assertThat(answer.at("/response/uid").asText()).isEqualTo("705ab4f5-6393-11e8-b7cc-42010a800002");
        return answer.path("response");
    }

    private static ObjectNode reviewOf(JsonNode pod) throws IOException {
        ObjectNode review = (ObjectNode) JSON.readTree("""
            {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
             "kind": {"group": "", "version": "v1", "kind": "Pod"}, "resource": {"group": "", "version": "v1", "resource": "pods"},
             "namespace": "shop", "operation": "CREATE", "userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller"},
             "oldObject": null, "dryRun": false}}""");
        ((ObjectNode) review.path("request")).set("object", pod);
        return review;
    }

    private static ObjectNode with(String name, String at, String field, String json) throws IOException {
        ObjectNode pod = (ObjectNode) pod(name);
        ((ObjectNode) pod.at(at)).set(field, JSON.readTree(json));
        return pod;
    }

    private static JsonNode pod(String name) throws IOException {
        return YAML.readTree(Files.readString(PODS.resolve(name + ".pod.yaml")));
    }
}
