package mesh.control.ca;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import mesh.model.TrustDomain;
import mesh.pki.CertificateAuthority;
import mesh.pki.KeyPem;
import mesh.pki.Passphrase;
import mesh.pki.PemFiles;

/**
 * An authority that was made elsewhere, in two files.
 *
 * @param chain its certificate first, each signed by the next, the root last; a root alone gets an intermediate if it allows one
 * @param key   of the first certificate; PKCS#8, encrypted or not, or the older forms of OpenSSL
 */
public record BroughtAuthority(Path chain, Path key) {

    /** @throws IOException naming the file and what is wrong with it */
    CertificateAuthority read(TrustDomain trustDomain, Optional<Passphrase> passphrase, InstantSource clock) throws IOException {
        String keyPem;
        try {
            keyPem = Files.readString(key);
        } catch (IOException e) {
            throw new IOException(key + ": may not be read (expected: the key of " + chain + "): " + e.getMessage(), e);
        }
        try {
            CertificateAuthority authority =
                CertificateAuthority.of(PemFiles.certificates(chain), KeyPem.decode(keyPem, key.toString(), passphrase), trustDomain, clock);
            if (!clock.instant().isBefore(authority.end())) {
                throw new IOException(chain + ": expired at " + authority.end() + " (expected: an authority that is good)");
            }
            return authority;
        } catch (IllegalArgumentException e) {
            throw new IOException(chain + ": " + e.getMessage(), e);
        }
    }
}
