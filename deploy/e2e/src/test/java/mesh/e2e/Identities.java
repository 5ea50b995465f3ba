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

    private final TestPki pki;
    private final Path dir;

    Identities(Path dir) throws IOException {
        this(dir, "mesh.local");
    }

    Identities(Path dir, String trustDomain) throws IOException {
        this.pki = TestPki.create(trustDomain, InstantSource.system());
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
        PemFiles.writeSvid(dir.resolve(workload + ".pem"), svid(workload));
    }

    /** Key and certificate of a workload. */
    Path file(String workload) throws IOException {
        Path file = dir.resolve(workload + ".pem");
        if (!Files.exists(file)) PemFiles.writeSvid(file, svid(workload));
        return file;
    }

    /** The section of a configuration. */
    String yaml(String workload) throws IOException {
        return "identity: {ca: \"%s\", cert: \"%s\", key: \"%s\"}".formatted(authority(), file(workload), file(workload));
    }
}
