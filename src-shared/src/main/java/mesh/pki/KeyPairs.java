package mesh.pki;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import mesh.time.Env;

/** The keys of the mesh: ECDSA on P-256. Any thread. */
public final class KeyPairs {

    static final String SIGNATURE = "SHA256withECDSA";

    private KeyPairs() {}

    public static KeyPair create() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"), Env.SECURE_RANDOM);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has P-256", e);
        }
    }

    /** Whether what one key signs, the other one verifies. */
    static boolean match(PrivateKey secret, PublicKey shown) {
        byte[] text = {1};
        try {
            Signature signature = Signature.getInstance(SIGNATURE);
            signature.initSign(secret);
            signature.update(text);
            byte[] signed = signature.sign();
            signature.initVerify(shown);
            signature.update(text);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
