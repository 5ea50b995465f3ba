package mesh.model;

import java.security.cert.X509Certificate;
import java.util.List;

/**
 * The CA certificates that vouch for a trust domain.
 *
 * @param trustDomain  the domain they vouch for, and no other
 * @param authorities  at least one; more while a root is rotated
 */
public record TrustBundle(TrustDomain trustDomain, List<X509Certificate> authorities) {

    public TrustBundle {
        authorities = List.copyOf(authorities);
        if (authorities.isEmpty()) {
            throw new IllegalArgumentException("trust bundle of " + trustDomain + ": no certificates (expected: at least one)");
        }
    }
}
