package mesh.pki;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import mesh.model.SpiffeId;

/**
 * A workload's identity document with its key: what a sidecar shows to others.
 *
 * @param id    the one URI SAN of the leaf
 * @param chain leaf first, without the root
 * @param key   the leaf's; never printed
 */
public record Svid(SpiffeId id, List<X509Certificate> chain, PrivateKey key) {

    public Svid {
        chain = List.copyOf(chain);
    }

    public X509Certificate leaf() {
        return chain.get(0);
    }

    /** Never the key. */
    @Override
    public String toString() {
        return "Svid[" + id + ", until " + leaf().getNotAfter().toInstant() + "]";
    }
}
