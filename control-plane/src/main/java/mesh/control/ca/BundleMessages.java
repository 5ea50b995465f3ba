package mesh.control.ca;

import com.google.protobuf.ByteString;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import mesh.v1.TrustBundle;

/** The trust bundle as a message; the same bundle is always the same bytes. */
final class BundleMessages {

    private BundleMessages() {}

    static TrustBundle.Builder encode(mesh.model.TrustBundle bundle) {
        TrustBundle.Builder m = TrustBundle.newBuilder().setTrustDomain(bundle.trustDomain().name());
        bundle.authorities().forEach(authority -> m.addCertificates(der(authority)));
        bundle.bans().identities().stream().sorted().forEach(id -> m.addBannedIds(id.toString()));
        bundle.bans().serials().stream().sorted().forEach(serial -> m.addBannedSerials(serial.toString(16)));
        return m;
    }

    static ByteString der(X509Certificate certificate) {
        try {
            return ByteString.copyFrom(certificate.getEncoded());
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException("a certificate that was read has an encoding", e);
        }
    }
}
