package mesh.control.inject;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Decides about one pod, and says what is to be put into it. A pure function of the pod and the settings; any thread. */
public final class SidecarInjector {

    /** What becomes of a pod. */
    public sealed interface Injection permits Injected, Skipped, Refused {}

    /**
     * A sidecar is put beside it.
     *
     * @param patch    operations of RFC 6902 on the pod
     * @param warnings for whoever made the pod
     */
    public record Injected(ArrayNode patch, List<String> warnings) implements Injection {}

    /**
     * It stays as it is.
     *
     * @param warned whether whoever made the pod did not ask for that
     */
    public record Skipped(String reason, boolean warned) implements Injection {}

    /** It asks for what cannot be. */
    public record Refused(String problems) implements Injection {}

    /** Where the rules send what a pod's containers open, and what is opened to them. */
    public static final int OUTBOUND_PORT = 15001, INBOUND_PORT = 15006;
    private static final Set<Integer> OWN_PORTS = Set.of(15000, OUTBOUND_PORT, INBOUND_PORT, SidecarContainers.HEALTH_PORT);
    private static final Set<String> OTHER_MESHES = Set.of("istio-proxy", "linkerd-proxy", "consul-dataplane", "kuma-sidecar");
    private static final String MIRROR = "kubernetes.io/config.mirror";

    private final SidecarSettings settings;

    public SidecarInjector(SidecarSettings settings) {
        this.settings = settings;
    }

    /** Whether a pod has a sidecar of this mesh. */
    public static boolean isInjected(Pod pod) {
        return containers(pod.getSpec()).anyMatch(each -> each.getName().equals(SidecarContainers.PROXY));
    }

    /** Whether all its connections go through the sidecar. */
    public static boolean isIntercepted(Pod pod) {
        return isInjected(pod) && containers(pod.getSpec()).anyMatch(each -> each.getName().equals(SidecarContainers.RULES));
    }

    public Injection inject(Pod pod) {
        PodOptions options;
        try {
            options = PodOptions.of(pod);
        } catch (IllegalArgumentException e) {
            return new Refused(e.getMessage());
        }
        Optional<Skipped> skipped = skipped(pod, options);
        if (skipped.isPresent()) {
            return skipped.get();
        }
        List<String> conflicts = conflicts(pod.getSpec(), options);
        return conflicts.isEmpty() ? injected(pod, options) : new Refused(String.join("\n", conflicts));
    }

    private static Optional<Skipped> skipped(Pod pod, PodOptions options) {
        PodSpec spec = pod.getSpec();
        List<String> names = containers(spec).map(Container::getName).toList();
        Optional<String> other = names.stream().filter(OTHER_MESHES::contains).findFirst();
        if (spec == null || spec.getContainers().isEmpty()) {
            return Optional.of(new Skipped("it has no containers", false));
        } else if (!options.inject().orElse(true)) {
            return Optional.of(new Skipped(PodOptions.INJECT + " says so", false));
        } else if (names.contains(SidecarContainers.PROXY) || PodOptions.annotations(pod).containsKey(PodOptions.STATUS)) {
            return Optional.of(new Skipped("it has a sidecar", false));
        } else if (PodOptions.annotations(pod).containsKey(MIRROR)) {
            return Optional.of(new Skipped("it is the image of a static pod, which nobody can change", false));
        } else if (Boolean.TRUE.equals(spec.getHostNetwork())) {
            return Optional.of(new Skipped("hostNetwork: its connections are the node's, and rules for them would be for all of the node", true));
        } else if (isWindows(spec)) {
            return Optional.of(new Skipped("it runs on Windows", true));
        }
        return other.map(name -> new Skipped("it has the sidecar of another mesh, " + name, true));
    }

    private static boolean isWindows(PodSpec spec) {
        Map<String, String> nodes = spec.getNodeSelector() == null ? Map.of() : spec.getNodeSelector();
        return spec.getOs() != null && "windows".equals(spec.getOs().getName()) || "windows".equals(nodes.get("kubernetes.io/os"));
    }

    /** Containers of a pod share its ports: the sidecar could not listen, or the application. */
    private static List<String> conflicts(PodSpec spec, PodOptions options) {
        List<String> conflicts = new ArrayList<>();
        containers(spec).forEach(container -> {
            for (ContainerPort port : container.getPorts()) {
                int number = port.getContainerPort();
                String where = "container \"" + container.getName() + "\" has port " + number;
                if (number == options.metricsPort()) {
                    conflicts.add(where + ", where the sidecar's metrics are (expected: " + PodOptions.PREFIX + "proxy-metrics-port says another)");
                } else if (OWN_PORTS.contains(number)) {
                    conflicts.add(where + ", which is the sidecar's (expected: none of " + OWN_PORTS.stream().sorted().toList() + ")");
                }
            }
        });
        return conflicts;
    }

    private Injected injected(Pod pod, PodOptions options) {
        JsonPatch patch = new JsonPatch();
        PodSpec spec = pod.getSpec();
        ProbeRewrite probes = new ProbeRewrite(patch, SidecarContainers.HEALTH_PORT);
        // Paths count containers as they are, so before any is put in.
        if (options.rewriteProbes()) {
            rewrite(probes, spec.getInitContainers(), "/spec/initContainers/");
            rewrite(probes, spec.getContainers(), "/spec/containers/");
        }
        SidecarContainers made = new SidecarContainers(settings, options);
        place(patch, spec, options, made, made.proxy(probes.sidecarWords()));
        addAll(patch, "/spec/volumes", spec.getVolumes(), made.volumes(), false);
        annotate(patch, pod, made.isNative());
        return new Injected(patch.operations(), warnings(spec, options));
    }

    private static void rewrite(ProbeRewrite probes, List<Container> containers, String path) {
        for (int i = 0; i < containers.size(); i++) {
            probes.rewrite(containers.get(i), path + i);
        }
    }

    /**
     * A native sidecar comes right after the rules and before every other init container, so that those are in the mesh too. One that is an ordinary
     * container is not there yet while init containers run: the rules come after them, or none could connect anywhere.
     */
    private static void place(JsonPatch patch, PodSpec spec, PodOptions options, SidecarContainers made, Container proxy) {
        List<Container> rules = options.interception() ? List.of(made.rules()) : List.of();
        if (made.isNative()) {
            List<Container> both = new ArrayList<>(rules);
            both.add(proxy);
            addAll(patch, "/spec/initContainers", spec.getInitContainers(), both, true);
        } else {
            addAll(patch, "/spec/initContainers", spec.getInitContainers(), rules, false);
            patch.add("/spec/containers/0", proxy);
        }
    }

    private static void addAll(JsonPatch patch, String path, List<?> there, List<?> more, boolean first) {
        if (more.isEmpty()) return;
        if (there == null || there.isEmpty()) {
            patch.add(path, more);
            return;
        }
        for (int i = 0; i < more.size(); i++) {
            patch.add(path + "/" + (first ? Integer.toString(i) : "-"), more.get(i));
        }
    }

    private static void annotate(JsonPatch patch, Pod pod, boolean nativeOne) {
        String status = "{\"sidecar\":\"" + (nativeOne ? "native" : "container") + "\"}";
        if (pod.getMetadata() == null) {
            patch.add("/metadata", JsonNodeFactory.instance.objectNode());
        }
        if (PodOptions.annotations(pod).isEmpty()) {
            patch.add("/metadata/annotations", Map.of(PodOptions.STATUS, status));
        } else {
            patch.add("/metadata/annotations/" + JsonPatch.escaped(PodOptions.STATUS), status);
        }
    }

    private static List<String> warnings(PodSpec spec, PodOptions options) {
        List<String> warnings = new ArrayList<>();
        if (!options.interception()) return warnings;
        Long podUser = spec.getSecurityContext() == null ? null : spec.getSecurityContext().getRunAsUser();
        containers(spec).forEach(container -> {
            Long own = container.getSecurityContext() == null ? null : container.getSecurityContext().getRunAsUser();
            Long user = own == null ? podUser : own;
            if (user != null && user == SidecarContainers.UID) {
                warnings.add("container \"" + container.getName() + "\" runs as user " + SidecarContainers.UID
                    + ", which is the sidecar's: its calls go around the mesh");
            }
        });
        return warnings;
    }

    private static Stream<Container> containers(PodSpec spec) {
        return spec == null ? Stream.of() : Stream.concat(spec.getInitContainers().stream(), spec.getContainers().stream());
    }
}
