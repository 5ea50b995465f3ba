package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What of {@code deploy/examples} is for Kubernetes and systemd, given to the programs that it is for. */
class DeployExamplesIT {

    private static final Path EXAMPLES = MeshProcess.ROOT.resolve("deploy/examples");

    @TempDir
    private Path dir;

    @Test
    void theShopIsInjectedAsItsAnnotationsSay() {
        try (MeshProcess inject = MeshProcess.controlPlane("inject", "-f", EXAMPLES.resolve("kubernetes/shop.yaml").toString(), "--ca-pin",
            "sha256:" + "0".repeat(64))) {
            assertThat(inject.exitCode()).as(inject.log()).isZero();
            String yaml = inject.log().substring(inject.log().indexOf("apiVersion:"));
            List<HasMetadata> all = Serialization.unmarshal(yaml);
            List<Deployment> made = all.stream().filter(Deployment.class::isInstance).map(Deployment.class::cast).toList();
            Map<String, List<Container>> beside = made.stream()
                .collect(Collectors.toMap(each -> each.getMetadata().getName(), each -> each.getSpec().getTemplate().getSpec().getInitContainers()));
            assertThat(beside).containsOnlyKeys("web", "payments")
                .allSatisfy((name, containers) -> assertThat(containers).extracting(Container::getName).containsExactly("mesh-init", "mesh-proxy"));
            assertThat(String.join(" ", beside.get("web").get(0).getArgs())).contains("5432");
            assertThat(beside.get("payments").get(1).getResources().getLimits().get("memory")).hasToString("256Mi");
        }
    }

    @Test
    void theRegistrysImagesAreInEveryPlace() {
        String built = Judge.find("kustomize", "go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1")
            .mustDo("", List.of("build", EXAMPLES.resolve("kubernetes/registry").toString()));
        Matcher images = Pattern.compile("(?:image: |--sidecar-image=)(\\S+)").matcher(built);
        Set<String> all = new TreeSet<>();
        while (images.find()) all.add(images.group(1));
        assertThat(all).containsExactly("registry.example/mesh/control-plane:0.1.0", "registry.example/mesh/data-plane:0.1.0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"mesh-proxy.socket", "payments.service"})
    void systemdTakesTheUnit(String unit) throws IOException {
        Path proxy = MeshProcess.ROOT.resolve("deploy/systemd/mesh-proxy.service");
        Files.writeString(dir.resolve("mesh-proxy.service"), Files.readString(proxy).replaceAll("(?m)^Documentation=.*\n", ""));
        Path copy = Files.copy(EXAMPLES.resolve("systemd").resolve(unit), dir.resolve(unit));
        assertThat(Judge.find("systemd-analyze", "apt-get install systemd").ask("", "verify", copy.toString()).text().lines()
            .filter(line -> line.contains(unit) && !line.contains("is not executable"))).isEmpty();
    }

    /** The words of its unit, but that both are this test's. */
    @Test
    void theApplicationBeginsOnceItsSidecarIsReady() throws Exception {
        String unit = Files.readString(EXAMPLES.resolve("systemd/payments.service"));
        Matcher words = Pattern.compile("ExecStart=\\S+ -jar \\S+ (await .*) -- ").matcher(unit);
        assertThat(words.find()).isTrue();
        Path config = Files.writeString(dir.resolve("mesh.yaml"), "proxy: {listen: \"127.0.0.1:0\", upstreams: [{addr: \"127.0.0.1:9\"}]}\n");
        try (SidecarProcess sidecar = SidecarProcess.of(config);
            MeshProcess begun = MeshProcess.dataPlane((words.group(1) + " --health " + sidecar.health() + " -- echo begun").split(" "))) {
            assertThat(begun.exitCode()).as(begun.log()).isZero();
            assertThat(begun.log()).contains("begun");
        }
    }
}
