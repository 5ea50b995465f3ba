package mesh.control.inject;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import mesh.model.Address;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestsTest {

    private static final String WORKLOADS = """
        # A comment.
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings}
        data: {version: "1.10", yes: "no", octal: "0644", text: "a\\nb\\n", colon: "a: b"}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: payments}
        spec:
          selector: {matchLabels: {app: payments}}
          template:
            metadata: {labels: {app: payments}}
            spec:
              containers: [{name: payments, image: p:1, readinessProbe: {tcpSocket: {port: 80}}}]
              volumes: [{name: settings, configMap: {name: settings, defaultMode: 0644}}]
        ---
        apiVersion: v1
        kind: List
        items:
          - {apiVersion: apps/v1, kind: StatefulSet, metadata: {name: ledger}, spec: {template: {spec: {containers: [{name: ledger}]}}}}
          - {apiVersion: v1, kind: Service, metadata: {name: ledger}, spec: {ports: [{port: 80}]}}
        ---
        apiVersion: batch/v1
        kind: CronJob
        metadata: {name: report}
        spec: {schedule: "@daily", jobTemplate: {spec: {template: {spec: {containers: [{name: report}], restartPolicy: Never}}}}}
        ---
        """;

    private final Manifests manifests = new Manifests(new SidecarInjector(new SidecarSettings("mesh/data-plane:0.1.0",
        List.of(Address.parse("mesh-control-plane.mesh-system.svc:15012")), () -> "sha256:ab", true)));

    @Test
    void putsSidecarsIntoEveryWorkloadAndLeavesTheRest() throws IOException {
        String injected = manifests.inject(WORKLOADS, "shop.yaml");

        assertThat(manifests.notes()).containsExactly("Deployment payments: injected", "StatefulSet ledger: injected", "CronJob report: injected");
        assertThat(manifests.problems()).isEmpty();
        List<JsonNode> objects = read(injected);
        assertThat(objects).extracting(each -> each.path("kind").asText())
            .containsExactly("ConfigMap", "Deployment", "StatefulSet", "Service", "CronJob");
        PodSpec payments = podSpec(objects.get(1), "/spec/template/spec");
        assertThat(initContainers(payments)).containsExactly("mesh-init", "mesh-proxy");
        assertThat(initContainers(podSpec(objects.get(2), "/spec/template/spec"))).containsExactly("mesh-init", "mesh-proxy");
        assertThat(initContainers(podSpec(objects.get(4), "/spec/jobTemplate/spec/template/spec"))).containsExactly("mesh-init", "mesh-proxy");
        assertThat(payments.getContainers().get(0).getReadinessProbe().getHttpGet().getPath()).isEqualTo("/app-health/payments/readyz");
    }

    /** Whoever reads it next may hold YAML 1.1 or 1.2: what was text is text in both, and a mode stays the mode that it was for kubectl. */
    @Test
    void keepsTextTextAndModesModes() throws IOException {
        String injected = manifests.inject(WORKLOADS, "shop.yaml");
        assertThat(injected).contains("version: \"1.10\"", "\"yes\": \"no\"", "octal: \"0644\"", "colon: \"a: b\"");
        assertThat(injected).contains("defaultMode: 420");
    }

    @Test
    void leavesWhatItHasInjected() throws IOException {
        String once = manifests.inject(WORKLOADS, "shop.yaml");
        assertThat(manifests.inject(once, "shop.yaml")).isEqualTo(once);
        assertThat(manifests.notes()).contains("Deployment payments: no sidecar: it has a sidecar");
    }

    @ParameterizedTest
    @ValueSource(strings = {"DaemonSet", "ReplicaSet", "ReplicationController", "Job", "Deployment", "StatefulSet"})
    void knowsEveryKindThatHasATemplate(String kind) throws IOException {
        manifests.inject("{\"kind\": \"" + kind + "\", \"metadata\": {\"name\": \"x\"},"
            + " \"spec\": {\"template\": {\"spec\": {\"containers\": [{\"name\": \"x\"}]}}}}", "x.json");
        assertThat(manifests.notes()).containsExactly(kind + " x: injected");
    }

    @Test
    void knowsPodsAndWhoOptsOut() throws IOException {
        manifests.inject("kind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a}]}\n---\n"
            + "kind: Pod\nmetadata: {name: b, labels: {mesh/inject: disabled}}\nspec: {containers: [{name: b}]}\n", "pods.yaml");
        assertThat(manifests.notes()).containsExactly("Pod a: injected", "Pod b: no sidecar: mesh/inject says so");
    }

    @Test
    void namesEveryWorkloadThatAsksForWhatCannotBe() throws IOException {
        String nothing = manifests.inject("kind: Pod\nmetadata: {name: a, annotations: {mesh/inject: maybe}}\nspec: {containers: [{name: a}]}\n---\n"
            + "kind: Pod\nmetadata: {name: b}\nspec: {containers: [{name: b, ports: [{containerPort: 15001}]}]}\n", "pods.yaml");
        assertThat(nothing).isEmpty();
        assertThat(manifests.problems()).containsExactly("Pod a: mesh/inject: \"maybe\" (expected: enabled or disabled, true or false)",
            "Pod b: container \"b\" has port 15001, which is the sidecar's (expected: none of [15000, 15001, 15006, 15021])");
    }

    @Test
    void saysWhereAFileCannotBeRead() {
        assertThatThrownBy(() -> manifests.inject("kind: Pod\nspec: [\n", "pods.yaml")).isInstanceOf(IOException.class)
            .hasMessage("pods.yaml:2: while parsing a flow node");
    }

    private static List<String> initContainers(PodSpec spec) {
        return spec.getInitContainers().stream().map(Container::getName).toList();
    }

    private static PodSpec podSpec(JsonNode object, String at) {
        return new KubernetesSerialization().convertValue(object.at(at), PodSpec.class);
    }

    private static List<JsonNode> read(String yaml) throws IOException {
        ObjectMapper mapper = new ObjectMapper(new YAMLFactory());
        List<JsonNode> objects = new ArrayList<>();
        for (JsonNode each : mapper.readerFor(JsonNode.class).<JsonNode>readValues(yaml).readAll()) {
            if (each.has("items")) each.path("items").forEach(objects::add);
            else objects.add(each);
        }
        return objects;
    }
}
