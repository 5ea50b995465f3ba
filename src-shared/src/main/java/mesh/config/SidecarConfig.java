package mesh.config;

import java.util.Optional;
import java.util.OptionalLong;
import mesh.model.Address;
import mesh.model.Locality;
import mesh.model.MeshSnapshot;

/**
 * What one sidecar's file says.
 *
 * @param snapshot      version 0; its trust bundle is empty, because a file names certificates and does not hold them
 * @param identity      present when a listener or a cluster speaks mTLS
 * @param locality      where the sidecar runs; empty leaves it to the command line
 * @param memoryBytes   what connections may hold; empty leaves it to the command line
 * @param metricsListen where {@code /metrics} is served; empty leaves it to the command line
 * @param adminListen   where the admin pages are served; empty leaves it to the command line
 * @param healthListen  where {@code /ready} and {@code /live} are served; empty leaves it to the command line
 * @param places        where its routes stand
 */
public record SidecarConfig(
    MeshSnapshot snapshot,
    Optional<IdentityFiles> identity,
    Optional<Locality> locality,
    OptionalLong memoryBytes,
    Optional<Address> metricsListen,
    Optional<Address> adminListen,
    Optional<Address> healthListen,
    RoutePlaces places) {}
