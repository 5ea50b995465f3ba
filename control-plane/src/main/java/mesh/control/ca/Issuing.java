package mesh.control.ca;

import mesh.model.TrustBundle;
import mesh.pki.CertificateAuthority;

/** Who signs at this moment, and whom everybody believes. Any thread. */
public interface Issuing {

    /** Signs what workloads ask for. */
    CertificateAuthority issuer();

    /** Signs what the control plane itself shows. Its root is the one that new sidecars are told to know it by. */
    CertificateAuthority serving();

    TrustBundle bundle();
}
