package mesh.control.ca;

import mesh.model.TrustBundle;
import mesh.pki.CertificateAuthority;

/** A single authority that is never rotated. */
public record OneAuthority(CertificateAuthority issuer) implements Issuing {

    @Override
    public CertificateAuthority serving() {
        return issuer;
    }

    @Override
    public TrustBundle bundle() {
        return issuer.bundle();
    }
}
