package mesh.control.inject;

import java.util.List;
import java.util.function.Supplier;
import mesh.model.Address;

/**
 * What every sidecar has in common that is put beside a pod.
 *
 * @param image        of the data plane
 * @param controlPlane where it subscribes, replicas or the one service in front of them; at least one
 * @param caPin        {@code sha256:…}, by which it knows the control plane; asked for each pod, since a rotation changes it
 * @param nativeOnes   init containers with {@code restartPolicy: Always} (Kubernetes 1.29 or later), unless a pod says otherwise
 */
public record SidecarSettings(String image, List<Address> controlPlane, Supplier<String> caPin, boolean nativeOnes) {

    public SidecarSettings {
        controlPlane = List.copyOf(controlPlane);
        if (image.isBlank()) {
            throw new IllegalArgumentException(
                "--sidecar-image: \"\" (expected: an image of the data plane such as registry.example/mesh/data-plane:0.1.0)");
        }
    }
}
