package mesh.control.messages;

import java.io.IOException;
import mesh.model.TrustBundle;
import mesh.model.TrustDomain;
import mesh.pki.PemFiles;

/** {@code mesh.v1.FederatedTrustDomain} to the model and back. */
final class FederationMessages {

    private FederationMessages() {}

    /** Null when there were problems. */
    static TrustBundle decode(mesh.v1.FederatedTrustDomain m, String path, Problems problems) {
        TrustDomain domain = problems.read(path + ".name", () -> new TrustDomain(m.getName()));
        if (domain == null) {
            return null;
        }
        try {
            return PemFiles.bundle(m.getBundle(), "its text", domain);
        } catch (IOException e) {
            problems.add(path + ".bundle", e.getMessage());
            return null;
        }
    }

    static mesh.v1.FederatedTrustDomain encode(TrustBundle bundle) {
        return mesh.v1.FederatedTrustDomain.newBuilder().setName(bundle.trustDomain().name()).setBundle(PemFiles.encode(bundle.authorities())).build();
    }
}
