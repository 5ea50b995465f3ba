package mesh.control.cli;

import java.util.List;
import java.util.function.Supplier;
import mesh.control.inject.SidecarSettings;
import mesh.model.Address;
import picocli.CommandLine.Option;

/** How sidecars are started that are put beside pods. */
final class SidecarOptions {

    @Option(names = "--sidecar-image", paramLabel = "IMAGE", defaultValue = "mesh/data-plane:0.1.0", description = "of the data plane")
    private String image;

    @Option(names = "--sidecar-control-plane", paramLabel = "HOST:PORT", split = ",", defaultValue = "mesh-control-plane.mesh-system.svc:15012",
        description = "where sidecars subscribe; of replicas all, by commas")
    private List<Address> controlPlane;

    @Option(names = "--no-native-sidecars", description = "put sidecars in as ordinary containers, for Kubernetes before 1.29")
    private boolean ordinary;

    SidecarSettings settings(Supplier<String> caPin) {
        return new SidecarSettings(image, controlPlane, caPin, !ordinary);
    }
}
