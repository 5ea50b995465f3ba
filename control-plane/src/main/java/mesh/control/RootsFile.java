package mesh.control;

import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import mesh.model.MeshSnapshot;
import mesh.model.TrustBundle;
import mesh.pki.PemFiles;
import org.jboss.logging.Logger;

/** {@code roots.pem} in the data directory, for clients that are to trust the TLS port, such as grpcurl. Nothing here reads it. */
final class RootsFile {

    private static final Logger LOG = Logger.getLogger(RootsFile.class);

    private final Path file;
    private List<X509Certificate> written = List.of();

    RootsFile(Path dataDir) {
        this.file = dataDir.resolve("roots.pem");
    }

    /** Writes what is trusted now, if that is news. */
    synchronized void follow(MeshSnapshot snapshot) {
        List<X509Certificate> roots = snapshot.trust().map(TrustBundle::authorities).orElse(List.of());
        if (roots.equals(written)) {
            return;
        }
        try {
            PemFiles.writeCertificates(file, roots);
            written = roots;
        } catch (IOException e) {
            LOG.warnf("%s: could not be written: %s", file, e.getMessage());
        }
    }
}
