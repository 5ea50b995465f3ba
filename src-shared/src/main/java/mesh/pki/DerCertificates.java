package mesh.pki;

import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/** Certificates as messages carry them. */
public final class DerCertificates {

    private DerCertificates() {}

    /**
     * Reads each of them.
     *
     * @throws IllegalArgumentException saying which one is not readable
     */
    public static List<X509Certificate> read(List<byte[]> ders) {
        List<X509Certificate> all = new ArrayList<>();
        for (byte[] der : ders) {
            try {
                all.add((X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der)));
            } catch (CertificateException e) {
                String which = "certificate " + (all.size() + 1) + " of " + ders.size();
                throw new IllegalArgumentException(which + " is not readable (expected: DER)", e);
            }
        }
        return all;
    }
}
