package mesh.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import mesh.model.TrustDomain;
import mesh.pki.CertificateAuthority;
import mesh.pki.KeyPem;
import mesh.pki.PemFiles;
import mesh.pki.TestCertificate;

/** An authority that a control plane is given, so that the test can sign what the control plane would not. */
record KnownAuthority(Path dir) {

    static KnownAuthority create(Path dir) throws IOException {
        CertificateAuthority.create(TrustDomain.DEFAULT, InstantSource.system()).write(Files.createDirectories(dir));
        return new KnownAuthority(dir);
    }

    /** For the control plane. */
    String[] options() {
        return new String[] {"--ca-cert", dir.resolve(CertificateAuthority.CERTIFICATE).toString(),
            "--ca-key", dir.resolve(CertificateAuthority.KEY).toString()};
    }

    /** To sign what breaks rules. */
    TestCertificate.Signed root() throws IOException {
        Path key = dir.resolve(CertificateAuthority.KEY);
        return new TestCertificate.Signed(PemFiles.certificates(dir.resolve(CertificateAuthority.CERTIFICATE)).get(0),
            KeyPem.decode(Files.readString(key), key.toString(), Optional.empty()));
    }

    CertificateAuthority at(InstantSource clock) throws IOException {
        return CertificateAuthority.read(dir, TrustDomain.DEFAULT, clock);
    }
}
