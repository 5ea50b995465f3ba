package mesh.config;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import mesh.model.TrustDomain;

/**
 * Where a sidecar's certificates lie, all in PEM. A relative path starts at the directory of the configuration file.
 *
 * @param ca         the certificates that are trusted
 * @param cert       the sidecar's own, leaf first
 * @param key        of the leaf
 * @param federation other trust domains, each once
 */
public record IdentityFiles(Path ca, Path cert, Path key, List<Federated> federation) {

    /**
     * Another trust domain, whose identities get in where they are named.
     *
     * @param ca the certificates that vouch for it, and for no other
     */
    public record Federated(TrustDomain trustDomain, Path ca) {}

    public IdentityFiles {
        federation = List.copyOf(federation);
    }

    /** Every file, one's own first. */
    public List<Path> all() {
        return Stream.concat(Stream.of(ca, cert, key), federation.stream().map(Federated::ca)).toList();
    }
}
