package mesh.pki;

import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.Locale;
import mesh.digest.Sha256;

/**
 * How an authority is known before it is trusted: {@code sha256:} and the hash of its certificate.
 *
 * @param sha256 of the DER, 64 lower-case hexadecimal digits
 */
public record CaPin(String sha256) {

    private static final String PREFIX = "sha256:";

    public CaPin {
        if (!sha256.matches("[0-9a-f]{64}")) {
            throw new IllegalArgumentException("ca pin: \"" + sha256 + "\" (expected: sha256: and 64 hexadecimal digits)");
        }
    }

    /** @throws IllegalArgumentException naming the text and what was expected */
    public static CaPin parse(String text) {
        if (!text.startsWith(PREFIX)) {
            throw new IllegalArgumentException("ca pin: \"" + text + "\" (expected: sha256: and 64 hexadecimal digits)");
        }
        return new CaPin(text.substring(PREFIX.length()).toLowerCase(Locale.ROOT));
    }

    public static CaPin of(X509Certificate authority) {
        try {
            return new CaPin(Sha256.hex(authority.getEncoded()));
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException("a certificate that was read has an encoding", e);
        }
    }

    /** As {@link #parse} reads it. */
    @Override
    public String toString() {
        return PREFIX + sha256;
    }
}
