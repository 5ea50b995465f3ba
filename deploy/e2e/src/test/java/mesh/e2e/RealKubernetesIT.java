package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.v1.Cluster;
import mesh.v1.Endpoint;
import mesh.v1.GetConfigRequest;
import mesh.v1.ListEndpointsRequest;
import mesh.v1.RouteTable;
import mesh.v1.SidecarStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real API server, with its controllers and no kubelet, such as a test cluster of one's own: {@code -Dmesh.kubeconfig=FILE} of an admin who may
 * make and delete the namespaces {@code mesh-system} and {@code shop}, the manifests' roles and webhook, and a node.
 */
@EnabledIfSystemProperty(named = "mesh.kubeconfig", matches = ".+")
class RealKubernetesIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String SIDECAR = "mesh-proxy";

    @TempDir
    private Path dir;

    @Test
    void podsAreInjectedFoundAndKnownByTheirAccounts() throws Exception {
        Path kubeconfig = Path.of(System.getProperty("mesh.kubeconfig"));
        try (KubernetesClient admin = new KubernetesClientBuilder().withConfig(Config.fromKubeconfig(Files.readString(kubeconfig))).build()) {
            try {
                run(admin);
            } finally {
                manifests(admin).forEach(each -> admin.resource(each).delete());
                // No kubelet ends a pod that is on a node, and its namespace would wait for that.
                admin.pods().inNamespace("shop").withGracePeriod(0).delete();
                gatewayApi(admin).forEach(each -> admin.resource(each).delete());
                admin.namespaces().withName("shop").delete();
                admin.namespaces().withName("mesh-system").delete();
                admin.nodes().withName("mesh-node").delete();
                await().atMost(PATIENCE).until(() -> admin.namespaces().withName("shop").get() == null
                    && admin.namespaces().withName("mesh-system").get() == null);
            }
        }
    }

    private void run(KubernetesClient admin) throws Exception {
        for (String name : List.of("mesh-system", "shop")) {
            String injection = name.equals("shop") ? "enabled" : "disabled";
            admin.resource(new NamespaceBuilder().withNewMetadata().withName(name).addToLabels("mesh/inject", injection).endMetadata().build())
                .serverSideApply();
        }
        admin.resource(new NodeBuilder().withNewMetadata().withName("mesh-node").endMetadata().build()).serverSideApply();
        manifests(admin).stream().filter(each -> !(each instanceof MutatingWebhookConfiguration))
            .forEach(each -> admin.resource(each).serverSideApply());
        account(admin, "shop", "payments");
        Path own = Files.writeString(dir.resolve("own-token"), token(admin, "mesh-system", "mesh-control-plane", null));
        Path ca = Files.write(dir.resolve("ca.crt"), Base64.getDecoder().decode(admin.getConfiguration().getCaCertData()));

        try (ControlPlaneProcess controlPlane = new ControlPlaneProcess(dir.resolve("control-plane"), "--kubernetes-api",
            admin.getMasterUrl().toString().replaceAll("/$", ""), "--kubernetes-ca", ca.toString(), "--kubernetes-token-file", own.toString(),
            "--kubernetes", "--injector-listen", "127.0.0.1:0", "--injector-webhook", "mesh-injector")) {
            String port = controlPlane.process().awaitLine(Pattern.compile("injector ready: https 127.0.0.1:(\\d+)")).group(1);
            webhook(admin, port);
            controlPlane.process().awaitLine(Pattern.compile("webhook configuration mesh-injector: the mesh's roots are in its caBundle"));

            Pod injected = awaitInjected(admin);
            assertThat(injected.getSpec().getInitContainers()).extracting(Container::getName).containsExactly("mesh-init", SIDECAR);
            assertThat(injected.getSpec().getInitContainers().get(1).getRestartPolicy()).isEqualTo("Always");
            assertThat(injected.getSpec().getContainers().get(0).getReadinessProbe().getHttpGet().getPath()).isEqualTo("/app-health/payments/readyz");
            assertThat(admin.resource(pod("on-the-node").editSpec().withHostNetwork(true).endSpec().build()).create().getSpec().getInitContainers())
                .isEmpty();

            service(admin);
            ready(admin, injected, "10.244.1.1");
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(endpoints(controlPlane))
                .extracting(Endpoint::getAddress, Endpoint::getSpiffeId)
                .containsExactly(tuple("10.244.1.1:8080", "spiffe://mesh.local/ns/shop/sa/payments")));

            Path token = Files.writeString(dir.resolve("pod-token"), token(admin, "shop", "payments", "mesh"));
            try (SidecarProcess sidecar = SidecarProcess.ofServiceAccount(controlPlane, "ns/shop/sa/payments", token, dir.resolve("sidecar"))) {
                assertThat(sidecar.admin("/certs")).contains("spiffe://mesh.local/ns/shop/sa/payments");
                await().atMost(PATIENCE).untilAsserted(() -> assertThat(controlPlane.sidecars()).extracting(SidecarStatus::getSpiffeId)
                    .contains("spiffe://mesh.local/ns/shop/sa/payments"));
            }

            routes(admin, controlPlane);
            resources(admin, controlPlane);

            admin.resource(injected).withGracePeriod(0).delete();
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(endpoints(controlPlane)).isEmpty());
        }
    }

    private static void routes(KubernetesClient admin, ControlPlaneProcess controlPlane) {
        gatewayApi(admin).forEach(each -> admin.resource(each).serverSideApply());
        HTTPRoute route = new HTTPRouteBuilder().withNewMetadata().withNamespace("shop").withName("payments").endMetadata().withNewSpec()
            .addNewParentRef().withGroup("").withKind("Service").withName("payments").withPort(80).endParentRef()
            .addNewRule().addNewBackendRef().withName("payments").withPort(80).endBackendRef()
            .addNewBackendRef().withName("gone").withPort(80).endBackendRef().endRule().endSpec().build();
        await().atMost(PATIENCE).ignoreExceptions().until(() -> admin.resource(route).serverSideApply() != null);
        await().atMost(PATIENCE).ignoreExceptions().untilAsserted(() -> assertThat(admin.resource(route).get().getStatus().getParents()).singleElement()
            .satisfies(parent -> assertThat(parent.getConditions()).extracting(Condition::getType, Condition::getReason, Condition::getObservedGeneration)
                .containsExactly(tuple("Accepted", "Accepted", 1L), tuple("ResolvedRefs", "BackendNotFound", 1L))));
        assertThat(controlPlane.admin().getConfig(GetConfigRequest.getDefaultInstance()).getConfig().getRoutesList()).extracting(RouteTable::getName)
            .contains("kubernetes/shop/payments:80");
    }

    /** As the manual has them: all three are taken, and what the schema has no word for, or another type, is refused by the API server itself. */
    private static void resources(KubernetesClient admin, ControlPlaneProcess controlPlane) throws IOException {
        Matcher manual = Pattern.compile("```yaml\n(apiVersion: mesh.local/.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(MeshProcess.ROOT.resolve("control-plane/README.md")));
        assertThat(manual.find()).isTrue();
        for (String each : manual.group(1).split("---\n")) {
            GenericKubernetesResource resource = Serialization.unmarshal(each, GenericKubernetesResource.class);
            // The route of the Gateway API is in force for the same port.
            String reason = resource.getKind().equals("ServiceRoute") ? "Conflicted" : "Accepted";
            await().atMost(PATIENCE).ignoreExceptions().until(() -> admin.resource(resource).create() != null);
            await().atMost(PATIENCE).ignoreExceptions().untilAsserted(() -> assertThat(String.valueOf(admin.resource(resource).get()
                .getAdditionalProperties().get("status"))).contains("reason=" + reason, "observedGeneration=1"));
        }
        assertThat(controlPlane.admin().getConfig(GetConfigRequest.getDefaultInstance()).getConfig().getClustersList()).extracting(Cluster::getName)
            .contains("kubernetes/shop/payments:80/policy");
        GenericKubernetesResource wrong = Serialization.unmarshal("""
            apiVersion: mesh.local/v1alpha1
            kind: ServicePolicy
            metadata: {namespace: shop, name: wrong}
            spec: {service: payments, cluster: {connectTimeout: soon, balancer: 5}}
            """, GenericKubernetesResource.class);
        assertThatThrownBy(() -> admin.resource(wrong).create()).hasMessageContaining("spec.cluster.balancer").hasMessageContaining("spec.cluster.connectTimeout");
    }

    /** The published definitions, from the module that has them. */
    private static List<HasMetadata> gatewayApi(KubernetesClient admin) {
        String module = Judge.find("go", "Go 1.21 or newer").mustDo("", List.of("mod", "download", "-json", "sigs.k8s.io/gateway-api@v1.3.0"));
        Path crds = Path.of(new JsonObject(module).getString("Dir"), "config/crd/standard");
        List<HasMetadata> all = new ArrayList<>();
        for (String kind : List.of("httproutes", "grpcroutes")) {
            all.addAll(admin.load(open(crds.resolve("gateway.networking.k8s.io_" + kind + ".yaml"))).items());
        }
        return all;
    }

    /** Roles, account, service and the webhook; not what would run containers. */
    private static List<HasMetadata> manifests(KubernetesClient admin) {
        List<HasMetadata> all = new ArrayList<>();
        for (String file : List.of("definitions.yaml", "rbac.yaml", "webhook.yaml")) {
            all.addAll(admin.load(open(MeshProcess.ROOT.resolve("deploy/kubernetes/base").resolve(file))).items());
        }
        all.forEach(each -> {
            if (each.getKind().equals("ServiceAccount")) each.getMetadata().setNamespace("mesh-system");
        });
        return all;
    }

    private static InputStream open(Path file) {
        try {
            return Files.newInputStream(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The manifest's, but that the API server calls this machine. */
    private static void webhook(KubernetesClient admin, String port) {
        manifests(admin).stream().filter(MutatingWebhookConfiguration.class::isInstance).forEach(each -> {
            ((MutatingWebhookConfiguration) each).getWebhooks().forEach(webhook -> {
                webhook.getClientConfig().setService(null);
                webhook.getClientConfig().setUrl("https://127.0.0.1:" + port + "/inject");
            });
            admin.resource(each).delete();
            admin.resource(each).create();
        });
    }

    /** A new webhook takes effect after a moment. */
    private static Pod awaitInjected(KubernetesClient admin) {
        return await().atMost(PATIENCE).until(() -> {
            admin.pods().inNamespace("shop").withName("payments").withGracePeriod(0).delete();
            return admin.resource(pod("payments").build()).create();
        }, pod -> pod.getSpec().getInitContainers().stream().anyMatch(each -> each.getName().equals(SIDECAR)));
    }

    private static PodBuilder pod(String name) {
        return new PodBuilder().withNewMetadata().withNamespace("shop").withName(name).addToLabels("app", name).endMetadata().withNewSpec()
            .withServiceAccountName("payments").withNodeName("mesh-node").addNewContainer().withName("payments").withImage("payments:1")
            .addNewPort().withContainerPort(8080).endPort().withNewReadinessProbe().withNewTcpSocket().withNewPort(8080).endTcpSocket()
            .endReadinessProbe().endContainer().endSpec();
    }

    private static void service(KubernetesClient admin) {
        admin.resource(new ServiceBuilder().withNewMetadata().withNamespace("shop").withName("payments").endMetadata().withNewSpec()
            .withSelector(Map.of("app", "payments")).addNewPort().withPort(80).withNewTargetPort(8080).endPort().endSpec().build()).serverSideApply();
    }

    private static void ready(KubernetesClient admin, Pod pod, String address) {
        admin.resource(pod).editStatus(current -> new PodBuilder(current).withNewStatus().withPhase("Running").withPodIP(address)
            .addNewPodIP(address).addNewCondition().withType("Ready").withStatus("True").endCondition().endStatus().build());
    }

    private static void account(KubernetesClient admin, String namespace, String name) {
        admin.resource(new ServiceAccountBuilder().withNewMetadata().withNamespace(namespace).withName(name).endMetadata().build()).serverSideApply();
    }

    /** @param audience null for the API server itself */
    private static String token(KubernetesClient admin, String namespace, String account, String audience) {
        TokenRequestBuilder request = new TokenRequestBuilder().withNewSpec().withExpirationSeconds(3600L).endSpec();
        if (audience != null) request.editSpec().withAudiences(audience).endSpec();
        return admin.serviceAccounts().inNamespace(namespace).withName(account).tokenRequest(request.build()).getStatus().getToken();
    }

    private static List<Endpoint> endpoints(ControlPlaneProcess controlPlane) {
        ListEndpointsRequest request = ListEndpointsRequest.newBuilder().setCluster("kubernetes/shop/payments:80").build();
        return controlPlane.admin().listEndpoints(request).getEndpointsList();
    }
}
