package mesh.pki;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;

/** A PKCS#10 request, of which only the key and the proof that the caller has it are of interest. */
public final class SigningRequest {

    private SigningRequest() {}

    /**
     * The key of a request whose signature proves that the caller has it.
     *
     * @throws IllegalArgumentException when it is no request, proves nothing, or its key is weaker than P-256 or RSA 2048
     */
    public static PublicKey verifiedKey(byte[] csr) {
        try {
            JcaPKCS10CertificationRequest request = new JcaPKCS10CertificationRequest(csr);
            PublicKey key = request.getPublicKey();
            if (!isStrong(key)) {
                throw new IllegalArgumentException(key.getAlgorithm() + " key (expected: ECDSA P-256 or more, or RSA 2048 or more)");
            }
            if (!request.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key))) {
                throw new IllegalArgumentException("signature does not match its key (expected: proof of the key)");
            }
            return key;
        } catch (IOException | PKCSException | OperatorCreationException | GeneralSecurityException | ClassCastException e) {
            throw new IllegalArgumentException("not readable (expected: a PKCS#10 request, DER)", e);
        }
    }

    private static boolean isStrong(PublicKey key) {
        if (key instanceof ECPublicKey ec) {
            return ec.getParams().getOrder().bitLength() >= 256;
        }
        return key instanceof RSAPublicKey rsa && rsa.getModulus().bitLength() >= 2048;
    }
}
