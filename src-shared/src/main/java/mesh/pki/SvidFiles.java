package mesh.pki;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import mesh.model.TrustBundle;

/**
 * An identity that lies in files, as {@code mesh keygen} and certificate tools leave it: PEM, the leaf first, the key in PKCS#8.
 *
 * @param svid   who the sidecar is
 * @param bundle whom it trusts: the CA's certificates, for the trust domain of the SVID
 */
public record SvidFiles(Svid svid, TrustBundle bundle) {

    /**
     * Reads and checks them together: the key is the leaf's, and the leaf is good now and signed by the CA.
     *
     * @throws IOException naming the file and what was expected of it
     */
    public static SvidFiles read(Path ca, Path cert, Path key, Instant now) throws IOException {
        Svid svid = PemFiles.svid(cert, key);
        TrustBundle bundle = PemFiles.bundle(ca, svid.id().trustDomain());
        try {
            SvidVerifier.verify(svid.chain(), bundle, now);
        } catch (IllegalArgumentException e) {
            throw new IOException(cert + ": " + e.getMessage(), e);
        }
        return new SvidFiles(svid, bundle);
    }
}
