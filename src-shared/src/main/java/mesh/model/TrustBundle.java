package mesh.model;

import java.security.cert.X509Certificate;
import java.util.List;

/**
 * Whom to believe: the CA certificates that vouch for a trust domain, and who is refused all the same.
 *
 * @param trustDomain  the domain they vouch for, and no other
 * @param authorities  roots, at least one; more while a root is rotated, the one first that signs what is issued now
 * @param bans         refused although an authority vouches for them
 */
public record TrustBundle(TrustDomain trustDomain, List<X509Certificate> authorities, BanList bans) {

    public TrustBundle {
        authorities = List.copyOf(authorities);
        if (authorities.isEmpty()) {
            throw new IllegalArgumentException("trust bundle of " + trustDomain + ": no certificates (expected: at least one)");
        }
    }

    /** Without bans. */
    public TrustBundle(TrustDomain trustDomain, List<X509Certificate> authorities) {
        this(trustDomain, authorities, BanList.NONE);
    }

    /** The same authorities with other bans. */
    public TrustBundle with(BanList other) {
        return new TrustBundle(trustDomain, authorities, other);
    }
}
