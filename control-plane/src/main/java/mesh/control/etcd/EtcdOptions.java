package mesh.control.etcd;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import mesh.model.Address;

/**
 * How a cluster of etcd servers is reached.
 *
 * @param endpoints their client addresses; at least one, best all
 * @param tls       empty for plaintext
 * @param user      empty where nobody needs a name
 * @param prefix    of every key, beginning and ending with a slash; a mesh has one of its own
 */
public record EtcdOptions(List<Address> endpoints, Optional<Tls> tls, Optional<User> user, String prefix) {

    /**
     * Files in PEM.
     *
     * @param ca     whom the servers' certificates must come from
     * @param client our certificate and its key; empty where the servers ask for none
     */
    public record Tls(Path ca, Optional<Client> client) {

        /** @param key PKCS#8 */
        public record Client(Path certificate, Path key) {}
    }

    /** @param passwordFile its first line is the password */
    public record User(String name, Path passwordFile) {}

    public EtcdOptions {
        endpoints = List.copyOf(endpoints);
        if (endpoints.isEmpty()) {
            throw new IllegalArgumentException("--etcd-endpoints: none (expected: HOST:PORT of each server of the cluster)");
        }
        for (Address endpoint : endpoints) {
            if (endpoint.host().isEmpty() || endpoint.port() == 0) {
                throw new IllegalArgumentException("--etcd-endpoints: \"" + endpoint + "\" (expected: HOST:PORT such as 10.0.0.7:2379)");
            }
        }
        if (!prefix.matches("/([!-~]*/)?") || prefix.length() > 256) {
            throw new IllegalArgumentException("--etcd-prefix: \"" + prefix
                + "\" (expected: printable ASCII that begins and ends with a slash, of at most 256 characters, such as /mesh/)");
        }
    }
}
