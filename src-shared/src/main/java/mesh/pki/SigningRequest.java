package mesh.pki;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

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
            if (!KeyPairs.isStrong(key)) {
                throw new RefusedException(key.getAlgorithm() + " key (expected: ECDSA P-256 or more, or RSA 2048 or more)");
            }
            if (!request.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key))) {
                throw new RefusedException("signature does not match its key (expected: proof of the key)");
            }
            return key;
        } catch (RefusedException e) {
            throw e;
        } catch (IOException | PKCSException | OperatorCreationException | GeneralSecurityException | RuntimeException e) {
            // BouncyCastle's readers throw more than they declare at bytes that are nearly right: IllegalStateException, ClassCastException, …
            throw new IllegalArgumentException("not readable (expected: a PKCS#10 request, DER)", e);
        }
    }

    /**
     * A request for a key of one's own: PKCS#10, DER. It asks for no name, because those are the authority's to give to whom it knows.
     */
    public static byte[] create(KeyPair pair) {
        try {
            return new JcaPKCS10CertificationRequestBuilder(new X500Name(new RDN[0]), pair.getPublic())
                .build(new JcaContentSignerBuilder(KeyPairs.SIGNATURE).build(pair.getPrivate())).getEncoded();
        } catch (IOException | OperatorCreationException e) {
            throw new IllegalStateException("a request for one's own key could not be made", e);
        }
    }

    /** Read, and not good: apart from what the readers throw by themselves. */
    private static final class RefusedException extends IllegalArgumentException {

        RefusedException(String message) {
            super(message);
        }
    }
}
