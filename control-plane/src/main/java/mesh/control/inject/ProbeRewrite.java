package mesh.control.inject;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.HTTPGetAction;
import io.fabric8.kubernetes.api.model.HTTPGetActionBuilder;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.LifecycleHandler;
import io.fabric8.kubernetes.api.model.Probe;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Sends the kubelet's probes of an application to its sidecar, which asks the application in its place: a kubelet has no certificate, and strict
 * mTLS would refuse it. Headers stay with the probe and come along. Left as they are: what a program in the container finds out, and what is
 * asked of another host or by no URL.
 */
final class ProbeRewrite {

    private final JsonPatch patch;
    private final int healthPort;
    private final List<String> sidecarWords = new ArrayList<>();

    ProbeRewrite(JsonPatch patch, int healthPort) {
        this.patch = patch;
        this.healthPort = healthPort;
    }

    /** Options of the sidecar that the probes seen so far need. */
    List<String> sidecarWords() {
        return sidecarWords;
    }

    /** @param path of the container in the pod, such as {@code /spec/containers/0} */
    void rewrite(Container container, String path) {
        probe(container, container.getReadinessProbe(), "readyz", path + "/readinessProbe");
        probe(container, container.getLivenessProbe(), "livez", path + "/livenessProbe");
        probe(container, container.getStartupProbe(), "startupz", path + "/startupProbe");
        if (container.getLifecycle() != null) {
            hook(container, container.getLifecycle().getPostStart(), "poststartz", path + "/lifecycle/postStart");
            hook(container, container.getLifecycle().getPreStop(), "prestopz", path + "/lifecycle/preStop");
        }
    }

    private void hook(Container container, LifecycleHandler hook, String name, String path) {
        if (hook != null && hook.getHttpGet() != null) http(container, hook.getHttpGet(), name, path);
    }

    private void probe(Container container, Probe probe, String name, String path) {
        if (probe == null) return;
        if (probe.getHttpGet() != null) {
            http(container, probe.getHttpGet(), name, path);
        } else if (probe.getTcpSocket() != null && probe.getTcpSocket().getHost() == null) {
            port(container, probe.getTcpSocket().getPort()).ifPresent(port -> replace(container, name, path, "tcpSocket", "tcp://127.0.0.1:" + port));
        } else if (probe.getGrpc() != null) {
            String service = Optional.ofNullable(probe.getGrpc().getService()).orElse("");
            replace(container, name, path, "grpc", "grpc://127.0.0.1:" + probe.getGrpc().getPort() + (service.isEmpty() ? "" : "/" + service));
        }
    }

    private void http(Container container, HTTPGetAction get, String name, String path) {
        OptionalInt port = port(container, get.getPort());
        if (get.getHost() != null || port.isEmpty()) return;
        String scheme = "HTTPS".equals(get.getScheme()) ? "https" : "http";
        String asked = Optional.ofNullable(get.getPath()).filter(text -> !text.isEmpty()).orElse("/");
        if (!tellSidecar(container, name, scheme + "://127.0.0.1:" + port.getAsInt() + (asked.startsWith("/") ? "" : "/") + asked)) return;
        patch.add(path + "/httpGet", toSidecar(container, name).withHttpHeaders(get.getHttpHeaders()).build());
    }

    private void replace(Container container, String name, String path, String kind, String url) {
        if (!tellSidecar(container, name, url)) return;
        patch.remove(path + "/" + kind);
        patch.add(path + "/httpGet", toSidecar(container, name).build());
    }

    /** @return whether it can be told: a kubelet takes paths that no URL has */
    private boolean tellSidecar(Container container, String name, String url) {
        try {
            new URI(url);
        } catch (URISyntaxException e) {
            return false;
        }
        // What looks like a reference to an environment variable would be replaced by it.
        sidecarWords.addAll(List.of("--app-probe", container.getName() + "/" + name + "=" + url.replace("$(", "$$(")));
        return true;
    }

    private HTTPGetActionBuilder toSidecar(Container container, String name) {
        return new HTTPGetActionBuilder().withPath("/app-health/" + container.getName() + "/" + name).withPort(new IntOrString(healthPort));
    }

    /** By number, or by the name that the container gives one; empty where it gives none of that name. */
    private static OptionalInt port(Container container, IntOrString port) {
        if (port == null) return OptionalInt.empty();
        if (port.getIntVal() != null) return OptionalInt.of(port.getIntVal());
        return container.getPorts().stream().filter(each -> port.getStrVal().equals(each.getName()))
            .mapToInt(ContainerPort::getContainerPort).findFirst();
    }
}
