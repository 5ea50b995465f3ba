package mesh.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import mesh.pki.PemFiles;
import mesh.pki.Svid;
import mesh.pki.TestPki;

/** An authority for one test, and the files by which a sidecar without a control plane has its identity. */
final class Identities {

    private final TestPki pki = TestPki.create(InstantSource.system());
    private final Path dir;

    Identities(Path dir) throws IOException {
        this.dir = Files.createDirectories(dir);
        PemFiles.writeCertificates(authority(), pki.bundle().authorities());
    }

    /** Its certificate, as a file. */
    Path authority() {
        return dir.resolve("ca.crt");
    }

    /** A new key and certificate, in no file. */
    Svid svid(String workload) {
        return pki.svid(workload);
    }

    /** Gives a workload a new key and certificate, in one file and in one step. */
    void issue(String workload) throws IOException {
        PemFiles.writeSvid(file(workload), svid(workload));
    }

    /** The section of a configuration, for a workload that may have been given nothing yet. */
    String yaml(String workload) throws IOException {
        if (!Files.exists(file(workload))) issue(workload);
        return "identity: {ca: \"%s\", cert: \"%s\", key: \"%s\"}".formatted(authority(), file(workload), file(workload));
    }

    private Path file(String workload) {
        return dir.resolve(workload + ".pem");
    }
}
