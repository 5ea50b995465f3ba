package mesh.pki;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import mesh.fuzz.ShortRun;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Primitive;
import org.junit.jupiter.api.Test;

/** Whoever may ask for a certificate sends these bytes: a key that can be signed for, or one kind of refusal that says what was expected. */
class SigningRequestFuzzTest {

    @Test
    void anyBytesAreAKeyOrRefused() {
        ShortRun.of(SigningRequestFuzzTest.class, 4_000, SigningRequestFuzzTest::fuzzerTestOneInput);
    }

    public static void fuzzerTestOneInput(byte[] input) {
        PublicKey key;
        try {
            key = SigningRequest.verifiedKey(input);
        } catch (IllegalArgumentException e) {
            // One that is not ours has slipped through from the parser, with words that mean nothing to whoever asked.
            assertThat(e).hasMessageContaining("(expected: ");
            return;
        }
        assertThat(KeyPairs.isStrong(key)).isTrue();
        assertThat(readAgain(key)).isEqualTo(key);
        assertThat(asDer(input)).as("no bytes beside the request").isEqualTo(input);
    }

    private static PublicKey readAgain(PublicKey key) {
        try {
            return KeyFactory.getInstance(key.getAlgorithm()).generatePublic(new X509EncodedKeySpec(key.getEncoded()));
        } catch (GeneralSecurityException e) {
            throw new AssertionError("a key that no certificate can carry", e);
        }
    }

    private static byte[] asDer(byte[] input) {
        try {
            return ASN1Primitive.fromByteArray(input).getEncoded(ASN1Encoding.DER);
        } catch (IOException e) {
            throw new AssertionError("accepted, and cannot be read", e);
        }
    }
}
