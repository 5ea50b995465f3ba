package mesh.control.inject;

import io.fabric8.kubernetes.api.model.Capabilities;
import io.fabric8.kubernetes.api.model.CapabilitiesBuilder;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.ContainerPortBuilder;
import io.fabric8.kubernetes.api.model.EmptyDirVolumeSourceBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.ProbeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.SecurityContextBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import mesh.model.Address;

/** The containers and volumes that are put into a pod: the rules, the sidecar, and what the sidecar keeps and is known by. */
final class SidecarContainers {

    static final String PROXY = "mesh-proxy";
    static final String RULES = "mesh-init";
    /** The sidecar's user, whose connections the rules leave alone. */
    static final int UID = 1337;
    static final int HEALTH_PORT = 15021;

    private static final String STATE = "mesh-state";
    private static final String TOKEN = "mesh-token";
    private static final String TEMPORARY = "mesh-tmp";
    private static final String STATE_DIR = "/var/lib/mesh";
    private static final String TOKEN_DIR = "/var/run/secrets/mesh";

    private final SidecarSettings settings;
    private final PodOptions options;

    SidecarContainers(SidecarSettings settings, PodOptions options) {
        this.settings = settings;
        this.options = options;
    }

    boolean isNative() {
        return options.nativeOne().orElse(settings.nativeOnes());
    }

    /** @param probes options for the application's probes */
    Container proxy(List<String> probes) {
        ContainerBuilder proxy = new ContainerBuilder().withName(PROXY).withImage(image()).withArgs(words(probes))
            .withEnv(fromPod("POD_NAME", "metadata.name"), fromPod("POD_NAMESPACE", "metadata.namespace"),
                fromPod("POD_SERVICE_ACCOUNT", "spec.serviceAccountName"))
            .withPorts(port("mesh-metrics", options.metricsPort()), port("mesh-health", HEALTH_PORT))
            .withReadinessProbe(ready().withPeriodSeconds(5).build())
            .withResources(resources()).withSecurityContext(restricted())
            .withVolumeMounts(mount(STATE, STATE_DIR, false), mount(TOKEN, TOKEN_DIR, true), mount(TEMPORARY, "/tmp", false));
        if (isNative()) {
            // The containers that follow are started once it is ready: none of them can lose a first connection.
            proxy.withRestartPolicy("Always").withStartupProbe(ready().withPeriodSeconds(1).withFailureThreshold(600).build());
        }
        return proxy.build();
    }

    private List<String> words(List<String> probes) {
        List<String> words = new ArrayList<>(List.of("proxy", "start",
            "--control-plane", settings.controlPlane().stream().map(Address::toString).collect(Collectors.joining(",")),
            "--workload", "ns/$(POD_NAMESPACE)/sa/$(POD_SERVICE_ACCOUNT)", "--node", "$(POD_NAME).$(POD_NAMESPACE)",
            "--service-account-token-file", TOKEN_DIR + "/token", "--ca-pin", settings.caPin().get(), "--state-dir", STATE_DIR + "/state",
            "--concurrency", Integer.toString(options.concurrency()), "--log-level", options.logLevel()));
        if (options.metricsPort() != 9090) words.addAll(List.of("--metrics-listen", ":" + options.metricsPort()));
        words.addAll(probes);
        return words;
    }

    /** Root for as long as it takes to write the rules, with the two capabilities that this needs and no other. */
    Container rules() {
        List<String> words = new ArrayList<>(List.of("intercept", "install", "--proxy-uid", Integer.toString(UID)));
        words.addAll(options.rules());
        Capabilities capabilities = new CapabilitiesBuilder().withAdd("NET_ADMIN", "NET_RAW").withDrop("ALL").build();
        SecurityContext root = new SecurityContextBuilder().withAllowPrivilegeEscalation(false).withReadOnlyRootFilesystem(true)
            .withRunAsNonRoot(false).withRunAsUser(0L).withRunAsGroup(0L).withCapabilities(capabilities).build();
        return new ContainerBuilder().withName(RULES).withImage(image()).withArgs(words)
            .withEnv(new EnvVarBuilder().withName("XTABLES_LOCKFILE").withValue("/tmp/xtables.lock").build())
            .withResources(resources()).withSecurityContext(root).withVolumeMounts(mount(TEMPORARY, "/tmp", false)).build();
    }

    /** The token is for our audience alone: nobody else's proof, and renewed by the kubelet. The key that the sidecar makes never reaches a disk. */
    List<Volume> volumes() {
        return List.of(
            new VolumeBuilder().withName(STATE)
                .withEmptyDir(new EmptyDirVolumeSourceBuilder().withMedium("Memory").withSizeLimit(new Quantity("32Mi")).build()).build(),
            new VolumeBuilder().withName(TOKEN).withNewProjected().addNewSource().withNewServiceAccountToken("mesh", 43_200L, "token").endSource()
                .endProjected().build(),
            new VolumeBuilder().withName(TEMPORARY).withNewEmptyDir().endEmptyDir().build());
    }

    private String image() {
        return options.image().orElse(settings.image());
    }

    private ResourceRequirements resources() {
        return new ResourceRequirementsBuilder().withRequests(options.requests()).withLimits(options.limits()).build();
    }

    private static SecurityContext restricted() {
        return new SecurityContextBuilder().withAllowPrivilegeEscalation(false).withReadOnlyRootFilesystem(true).withRunAsNonRoot(true)
            .withRunAsUser((long) UID).withRunAsGroup((long) UID).withNewCapabilities().withDrop("ALL").endCapabilities()
            .withNewSeccompProfile().withType("RuntimeDefault").endSeccompProfile().build();
    }

    private static ProbeBuilder ready() {
        return new ProbeBuilder().withNewHttpGet().withPath("/ready").withPort(new IntOrString(HEALTH_PORT)).endHttpGet().withTimeoutSeconds(3);
    }

    private static ContainerPort port(String name, int number) {
        return new ContainerPortBuilder().withName(name).withContainerPort(number).withProtocol("TCP").build();
    }

    private static EnvVar fromPod(String name, String field) {
        return new EnvVarBuilder().withName(name).withNewValueFrom().withNewFieldRef("v1", field).endValueFrom().build();
    }

    private static VolumeMount mount(String name, String path, boolean readOnly) {
        VolumeMountBuilder mount = new VolumeMountBuilder().withName(name).withMountPath(path);
        return readOnly ? mount.withReadOnly(true).build() : mount.build();
    }
}
