package mesh.control.ca;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import mesh.model.TrustDomain;
import mesh.pki.CertificateAuthority;
import mesh.pki.KeyPem;
import mesh.pki.Passphrase;
import mesh.pki.PemFiles;

/**
 * One root and who signs identities below it.
 *
 * @param number   by which people tell it from those before and after it
 * @param issuer   signs identities: an intermediate, or the root itself where it allows none
 * @param keyPem   the issuer's, as it is kept
 * @param rootPem  the root's key, as it is kept; empty where the root signs identities itself, and where its key was never here
 */
record HeldAuthority(int number, CertificateAuthority issuer, String keyPem, Optional<String> rootPem) {

    /** A new root with an intermediate. */
    static HeldAuthority create(int number, TrustDomain trustDomain, Optional<Passphrase> passphrase, InstantSource clock) {
        return below(number, CertificateAuthority.createRoot(trustDomain, clock), passphrase);
    }

    /** What somebody brought: its key signs identities, or an intermediate if it is a root that allows one. */
    static HeldAuthority of(int number, CertificateAuthority brought, Optional<Passphrase> passphrase) {
        boolean isRoot = brought.chain().size() == 1;
        return isRoot && brought.signsAuthorities() ? below(number, brought, passphrase)
            : new HeldAuthority(number, brought, brought.keyPem(passphrase), Optional.empty());
    }

    private static HeldAuthority below(int number, CertificateAuthority root, Optional<Passphrase> passphrase) {
        CertificateAuthority issuer = root.intermediate();
        return new HeldAuthority(number, issuer, issuer.keyPem(passphrase), Optional.of(root.keyPem(passphrase)));
    }

    X509Certificate root() {
        return issuer.root();
    }

    boolean hasIntermediate() {
        return issuer.chain().size() > 1;
    }

    /** Whether half of the issuer's life is over, and there is a root key to make the next one with. */
    boolean isDue(Instant now) {
        X509Certificate certificate = issuer.certificate();
        Instant from = certificate.getNotBefore().toInstant();
        Duration life = Duration.between(from, certificate.getNotAfter().toInstant());
        return rootPem.isPresent() && !now.isBefore(from.plus(life.dividedBy(2)));
    }

    /** The same root with a new intermediate. The only moment at which the root's key is in memory. */
    HeldAuthority renewed(TrustDomain trustDomain, Optional<Passphrase> passphrase, InstantSource clock) throws IOException {
        PrivateKey key = KeyPem.decode(rootPem.orElseThrow(), "root key of authority " + number, passphrase);
        CertificateAuthority next = CertificateAuthority.of(List.of(root()), key, trustDomain, clock).intermediate();
        return new HeldAuthority(number, next, next.keyPem(passphrase), rootPem);
    }

    boolean isEncrypted() {
        return KeyPem.isEncrypted(keyPem) && rootPem.map(KeyPem::isEncrypted).orElse(true);
    }

    /** The same, with every key encrypted. */
    HeldAuthority encrypted(Passphrase passphrase) throws IOException {
        Optional<Passphrase> given = Optional.of(passphrase);
        Optional<String> root = rootPem;
        if (root.isPresent() && !KeyPem.isEncrypted(root.get())) {
            root = Optional.of(KeyPem.encode(KeyPem.decode(root.get(), "root key of authority " + number, given), given));
        }
        return new HeldAuthority(number, issuer, KeyPem.isEncrypted(keyPem) ? keyPem : issuer.keyPem(given), root);
    }

    JsonObject json() {
        JsonObject json = new JsonObject().put("number", number).put("chain", PemFiles.encode(issuer.chain())).put("key", keyPem);
        rootPem.ifPresent(pem -> json.put("rootKey", pem));
        return json;
    }

    /** @throws IOException when it cannot be used, among others for want of the passphrase */
    static HeldAuthority of(JsonObject json, TrustDomain trustDomain, Optional<Passphrase> passphrase, InstantSource clock) throws IOException {
        int number = json.getInteger("number");
        String which = "authority " + number;
        String keyPem = json.getString("key");
        List<X509Certificate> chain = PemFiles.certificates(json.getString("chain"), which);
        try {
            CertificateAuthority issuer = CertificateAuthority.of(chain, KeyPem.decode(keyPem, which, passphrase), trustDomain, clock);
            return new HeldAuthority(number, issuer, keyPem, Optional.ofNullable(json.getString("rootKey")));
        } catch (IllegalArgumentException e) {
            throw new IOException(which + ": " + e.getMessage(), e);
        }
    }
}
