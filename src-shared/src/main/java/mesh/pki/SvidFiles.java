package mesh.pki;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import mesh.model.SpiffeId;
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
        List<X509Certificate> authorities = Pem.certificates(readable(ca));
        List<X509Certificate> chain = Pem.certificates(readable(cert));
        PrivateKey privateKey = Pem.privateKey(readable(key));
        if (!pair(chain.get(0), privateKey)) {
            throw new IOException(key + ": the key of another certificate (expected: the key of " + cert + ")");
        }
        try {
            SpiffeId id = SpiffeId.parse(SvidVerifier.uri(chain.get(0)));
            TrustBundle bundle = new TrustBundle(id.trustDomain(), authorities);
            SvidVerifier.verify(chain, bundle, now);
            return new SvidFiles(new Svid(id, chain, privateKey), bundle);
        } catch (IllegalArgumentException e) {
            throw new IOException(cert + ": " + e.getMessage(), e);
        }
    }

    private static Path readable(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new IOException(file + ": no such file (expected: PEM)");
        }
        if (!Files.isReadable(file)) {
            throw new IOException(file + ": may not be read (expected: a file this user may read)");
        }
        return file;
    }

    private static boolean pair(X509Certificate certificate, PrivateKey key) {
        byte[] probe = {1};
        try {
            Signature signature = Signature.getInstance("SHA256withECDSA");
            signature.initSign(key);
            signature.update(probe);
            byte[] signed = signature.sign();
            signature.initVerify(certificate.getPublicKey());
            signature.update(probe);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
