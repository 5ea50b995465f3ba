package mesh.control.ca;

import mesh.model.TrustBundle;
import mesh.pki.CertificateAuthority;

/**
 * Whom the mesh believes: the roots that are trusted, without those who are banned.
 *
 * @param authorities the roots
 * @param bans        who is refused all the same
 */
public record CurrentTrust(Authorities authorities, Bans bans) implements Issuing {

    @Override
    public CertificateAuthority issuer() {
        return authorities.issuer();
    }

    @Override
    public CertificateAuthority serving() {
        return authorities.serving();
    }

    @Override
    public TrustBundle bundle() {
        return authorities.bundle().with(bans.current());
    }
}
