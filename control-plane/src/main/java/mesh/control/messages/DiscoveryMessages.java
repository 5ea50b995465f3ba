package mesh.control.messages;

import java.util.Optional;
import mesh.model.EndpointDiscovery;
import mesh.model.EndpointDiscovery.AddressFamily;
import mesh.model.SpiffeId;
import mesh.v1.Discovery;
import mesh.v1.DnsDiscovery;
import mesh.v1.FileDiscovery;

/** {@code mesh.v1.Discovery}, to the model and back. */
final class DiscoveryMessages {

    private DiscoveryMessages() {}

    /** Empty when it has none, or there were problems. */
    static Optional<EndpointDiscovery> decode(mesh.v1.Cluster cluster, String path, Problems problems) {
        if (!cluster.hasDiscovery()) return Optional.empty();
        String at = path + ".discovery";
        return switch (cluster.getDiscovery().getFromCase()) {
            case DNS -> dns(cluster.getDiscovery().getDns(), at + ".dns", problems);
            case FILE -> Optional.ofNullable(problems.read(at + ".file", () -> new EndpointDiscovery.File(cluster.getDiscovery().getFile().getName())));
            case FROM_NOT_SET -> {
                problems.add(at, "missing (expected: dns or file)");
                yield Optional.empty();
            }
        };
    }

    private static Optional<EndpointDiscovery> dns(DnsDiscovery m, String path, Problems problems) {
        AddressFamily family = m.getDnsLookupFamily().isEmpty() ? AddressFamily.V4_PREFERRED
            : problems.read(path + ".dns_lookup_family", () -> AddressFamily.parse(m.getDnsLookupFamily()));
        Optional<SpiffeId> id = m.getSpiffeId().isEmpty() ? Optional.empty()
            : Optional.ofNullable(problems.read(path + ".spiffe_id", () -> SpiffeId.parse(m.getSpiffeId())));
        return Optional.ofNullable(problems.read(path, () -> new EndpointDiscovery.Dns(m.getHostname(), m.getPort(), family, id)));
    }

    static Discovery encode(EndpointDiscovery discovery) {
        if (discovery instanceof EndpointDiscovery.File file) {
            return Discovery.newBuilder().setFile(FileDiscovery.newBuilder().setName(file.name())).build();
        }
        EndpointDiscovery.Dns dns = (EndpointDiscovery.Dns) discovery;
        DnsDiscovery.Builder m = DnsDiscovery.newBuilder().setHostname(dns.hostname()).setPort(dns.port());
        if (dns.family() != AddressFamily.V4_PREFERRED) m.setDnsLookupFamily(dns.family().text());
        dns.spiffeId().ifPresent(id -> m.setSpiffeId(id.toString()));
        return Discovery.newBuilder().setDns(m).build();
    }
}
