package mesh.control.ca;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.spec.ECGenParameterSpec;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/** A key as a sidecar makes it, and the request for a certificate. */
public final class Workload {

    private final KeyPair key;

    public Workload() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            key = generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    public PrivateKey key() {
        return key.getPrivate();
    }

    /** Its subject claims to be somebody else, which must not matter. */
    public byte[] csr() {
        try {
            return new JcaPKCS10CertificationRequestBuilder(new X500Principal("CN=control-plane"), key.getPublic())
                .build(new JcaContentSignerBuilder("SHA256withECDSA").build(key.getPrivate())).getEncoded();
        } catch (IOException | OperatorCreationException e) {
            throw new AssertionError(e);
        }
    }

    /** A request that was changed after it was signed. */
    public byte[] forgedCsr() {
        byte[] csr = csr();
        // Within the subject's text, so that it still reads as a request.
        csr[new String(csr, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf("control")] ^= 1;
        return csr;
    }
}
