package mesh.pki;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.stream.Stream;
import mesh.model.SpiffeId;

/**
 * A workload's identity document with its key: what a sidecar shows to others.
 *
 * @param id    the one URI SAN of the leaf
 * @param chain leaf first
 * @param key   the leaf's; never printed
 */
public record Svid(SpiffeId id, List<X509Certificate> chain, PrivateKey key) {

    public Svid {
        chain = List.copyOf(chain);
        if (chain.isEmpty()) {
            throw new IllegalArgumentException("identity " + id + ": no certificate (expected: at least one)");
        }
        if (!KeyPairs.match(key, chain.get(0).getPublicKey())) {
            throw new IllegalArgumentException("identity " + id + ": the key of another certificate (expected: the leaf's, ECDSA)");
        }
    }

    public X509Certificate leaf() {
        return chain.get(0);
    }

    /** The same with a root at the end of its chain, for those who know the root only by its {@link CaPin}. */
    public Svid withRoot(X509Certificate root) {
        return new Svid(id, Stream.concat(chain.stream(), Stream.of(root)).toList(), key);
    }

    /** Never the key. */
    @Override
    public String toString() {
        return "Svid[" + id + ", until " + leaf().getNotAfter().toInstant() + "]";
    }
}
