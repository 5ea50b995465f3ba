package mesh.pki;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import mesh.time.Env;

/** The keys of the mesh: ECDSA on P-256; and what is asked of those that others bring. Any thread. */
public final class KeyPairs {

    static final String SIGNATURE = "SHA256withECDSA";

    private static final int P_256 = 256, RSA_2048 = 2048;

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

    /** Whether it is one of those that are taken of others: ECDSA on P-256 or more, RSA of 2048 bits or more. */
    static boolean isStrong(PublicKey key) {
        if (key instanceof ECPublicKey ec) {
            return ec.getParams().getOrder().bitLength() >= P_256;
        }
        return key instanceof RSAPublicKey rsa && rsa.getModulus().bitLength() >= RSA_2048;
    }

    /** What a key signs with, by its kind. */
    static String signature(PrivateKey key) {
        if (key instanceof ECKey ec) {
            return ec.getParams().getOrder().bitLength() > P_256 ? "SHA384withECDSA" : SIGNATURE;
        }
        return "SHA256with" + key.getAlgorithm();
    }

    /** Whether what one key signs, the other one verifies. */
    static boolean match(PrivateKey secret, PublicKey shown) {
        byte[] text = {1};
        try {
            Signature signature = Signature.getInstance(signature(secret));
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
