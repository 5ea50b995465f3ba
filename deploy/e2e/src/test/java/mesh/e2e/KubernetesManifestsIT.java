package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesList;
import io.fabric8.kubernetes.api.model.KubernetesResource;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhook;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code deploy/kubernetes}, as kustomize builds it: fields that there are, options that the program has, ports and names that meet. */
class KubernetesManifestsIT {

    private static final String OPTION = "--[a-z-]+";

    private final Judge kustomize = Judge.find("kustomize", "go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1");

    @ParameterizedTest
    @ValueSource(strings = {"embedded", "etcd"})
    void everyFieldIsOneThatKubernetesKnows(String overlay) throws Exception {
        List<String> unknown = new ArrayList<>();
        for (HasMetadata each : built(overlay)) collectUnknown(each, each.getKind(), unknown);
        assertThat(unknown).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"embedded", "etcd"})
    void everyOptionIsOneThatTheControlPlaneHas(String overlay) {
        String help;
        try (MeshProcess shown = MeshProcess.controlPlane("control-plane", "start", "--help")) {
            assertThat(shown.exitCode()).isZero();
            help = shown.log();
        }
        Set<String> known = Pattern.compile(OPTION).matcher(help).results().map(MatchResult::group).collect(Collectors.toSet());
        Set<String> used = new TreeSet<>();
        for (String word : controlPlane(overlay).getArgs()) {
            if (word.startsWith("--")) used.add(word.replaceAll("=.*", ""));
        }
        assertThat(used).contains("--data-dir", "--injector-listen", "--kubernetes-api").allSatisfy(option -> assertThat(known).contains(option));
    }

    @ParameterizedTest
    @ValueSource(strings = {"embedded", "etcd"})
    void portsAndLabelsMeet(String overlay) {
        Container container = controlPlane(overlay);
        Map<String, Integer> ports = container.getPorts().stream().collect(Collectors.toMap(ContainerPort::getName, ContainerPort::getContainerPort));
        assertThat(container.getArgs()).contains("--metrics-listen=:" + ports.get("metrics"), "--injector-listen=:" + ports.get("webhook"));
        assertThat(ports).containsEntry("tls", 15012);
        Service service = only(overlay, Service.class);
        assertThat(service.getSpec().getPorts()).allSatisfy(port -> assertThat(ports).containsKey(port.getTargetPort().getStrVal()));
        Map<String, String> labels = only(overlay, Deployment.class).getSpec().getTemplate().getMetadata().getLabels();
        assertThat(labels).containsAllEntriesOf(service.getSpec().getSelector())
            .containsAllEntriesOf(only(overlay, PodDisruptionBudget.class).getSpec().getSelector().getMatchLabels())
            .containsAllEntriesOf(only(overlay, NetworkPolicy.class).getSpec().getPodSelector().getMatchLabels());
        assertThat(only(overlay, NetworkPolicy.class).getSpec().getIngress().stream().flatMap(rule -> rule.getPorts().stream())
            .map(port -> port.getPort().getIntVal())).containsExactlyInAnyOrderElementsOf(ports.values());

        for (MutatingWebhook webhook : only(overlay, MutatingWebhookConfiguration.class).getWebhooks()) {
            var called = webhook.getClientConfig().getService();
            assertThat(called.getName()).isEqualTo(service.getMetadata().getName());
            assertThat(called.getPath()).isEqualTo("/inject");
            assertThat(service.getSpec().getPorts().stream().filter(port -> port.getPort().equals(called.getPort())).map(ServicePort::getName))
                .containsExactly("webhook");
            assertThat(container.getArgs()).as("its certificate has the name")
                .contains("--host=" + called.getName() + "." + called.getNamespace() + ".svc");
            assertThat(webhook.getFailurePolicy()).isEqualTo("Ignore");
        }
        assertThat(container.getArgs()).contains("--injector-webhook=" + only(overlay, MutatingWebhookConfiguration.class).getMetadata().getName());
    }

    @ParameterizedTest
    @ValueSource(strings = {"embedded", "etcd"})
    void mayDoNoMoreThanItMust(String overlay) {
        PodSpec pod = only(overlay, Deployment.class).getSpec().getTemplate().getSpec();
        assertThat(only(overlay, Namespace.class).getMetadata().getLabels()).containsEntry("pod-security.kubernetes.io/enforce", "restricted");
        assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
        assertThat(pod.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
        var context = controlPlane(overlay).getSecurityContext();
        assertThat(context.getCapabilities().getDrop()).containsExactly("ALL");
        assertThat(context.getCapabilities().getAdd()).isEmpty();
        assertThat(context.getReadOnlyRootFilesystem()).isTrue();
        assertThat(context.getAllowPrivilegeEscalation()).isFalse();
        for (PolicyRule rule : only(overlay, ClusterRole.class).getRules()) {
            assertThat(Stream.of(rule.getVerbs(), rule.getResources(), rule.getApiGroups()).flatMap(List::stream)).doesNotContain("*", "secrets");
        }
    }

    @Test
    void theComponentHasPodsWait(@TempDir Path dir) throws IOException {
        // Kustomize takes no absolute paths.
        Path kubernetes = dir.toRealPath().relativize(MeshProcess.ROOT.resolve("deploy/kubernetes").toRealPath());
        Files.writeString(dir.resolve("kustomization.yaml"),
            "resources: [" + kubernetes + "/overlays/embedded]\ncomponents: [" + kubernetes + "/components/fail-closed]\n");
        String built = kustomize.mustDo("", List.of("build", dir.toString()));
        assertThat(built.lines().filter(line -> line.contains("failurePolicy")).map(String::strip))
            .containsExactly("failurePolicy: Fail", "failurePolicy: Fail");
    }

    private Container controlPlane(String overlay) {
        return only(overlay, Deployment.class).getSpec().getTemplate().getSpec().getContainers().get(0);
    }

    private <T extends HasMetadata> T only(String overlay, Class<T> kind) {
        List<T> all = built(overlay).stream().filter(kind::isInstance).map(kind::cast).toList();
        assertThat(all).as(kind.getSimpleName()).hasSize(1);
        return all.get(0);
    }

    private List<HasMetadata> built(String overlay) {
        String yaml = kustomize.mustDo("", List.of("build", MeshProcess.ROOT.resolve("deploy/kubernetes/overlays/" + overlay).toString()));
        Object read = new KubernetesSerialization().unmarshal(yaml);
        List<?> objects = read instanceof KubernetesList list ? list.getItems() : (List<?>) read;
        return objects.stream().map(HasMetadata.class::cast).toList();
    }

    /** Models keep what they do not know aside. */
    private static void collectUnknown(Object bean, String path, List<String> unknown) throws ReflectiveOperationException {
        if (bean instanceof Collection<?> many) {
            for (Object each : many) collectUnknown(each, path + "[]", unknown);
        } else if (bean instanceof KubernetesResource) {
            for (Method method : bean.getClass().getMethods()) {
                if (method.getParameterCount() != 0 || !method.getName().startsWith("get") || method.getDeclaringClass() == Object.class) continue;
                Object value = method.invoke(bean);
                String name = path + "." + method.getName().substring(3);
                // A schema has a field of that name, which is no map.
                boolean aside = method.getName().equals("getAdditionalProperties") && value instanceof Map;
                if (aside) ((Map<?, ?>) value).keySet().forEach(key -> unknown.add(path + "." + key));
                else collectUnknown(value, name, unknown);
            }
        }
    }
}
