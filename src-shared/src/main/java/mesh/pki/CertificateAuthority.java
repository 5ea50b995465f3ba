package mesh.pki;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.List;
import mesh.model.SpiffeId;
import mesh.model.TrustBundle;
import mesh.model.TrustDomain;
import mesh.time.Env;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * Signs the identities of one trust domain. ECDSA P-256; leaves are valid from a minute ago, so that a clock that is a little behind takes
 * them, and never outlive the authority. Any thread.
 */
public final class CertificateAuthority {

    /** File names. */
    public static final String CERTIFICATE = "ca.crt";
    public static final String KEY = "ca.key";

    private static final Duration LIFE = Duration.ofDays(3650);
    private static final Duration BACKDATED = Duration.ofMinutes(1);

    private final TrustDomain trustDomain;
    private final X509Certificate certificate;
    private final PrivateKey key;
    private final InstantSource clock;

    private CertificateAuthority(TrustDomain trustDomain, X509Certificate certificate, PrivateKey key, InstantSource clock) {
        this.trustDomain = trustDomain;
        this.certificate = certificate;
        this.key = key;
        this.clock = clock;
    }

    /**
     * The authority that is kept in a directory, as {@code ca.crt} and {@code ca.key}; made on the first call.
     *
     * @throws IOException naming the file, when it cannot be used
     */
    public static CertificateAuthority open(Path directory, TrustDomain trustDomain, InstantSource clock) throws IOException {
        if (Files.exists(directory.resolve(CERTIFICATE))) {
            return read(directory, trustDomain, clock);
        }
        CertificateAuthority made = create(trustDomain, clock);
        made.write(directory);
        return made;
    }

    /**
     * The authority that is kept in a directory.
     *
     * @throws IOException naming the file, when it is not there or cannot be used
     */
    public static CertificateAuthority read(Path directory, TrustDomain trustDomain, InstantSource clock) throws IOException {
        Path file = directory.resolve(CERTIFICATE);
        X509Certificate certificate = PemFiles.bundle(file, trustDomain).authorities().get(0);
        PrivateKey key = PemFiles.privateKey(directory.resolve(KEY));
        if (!KeyPairs.match(key, certificate.getPublicKey())) {
            throw new IOException(directory.resolve(KEY) + ": the key of another certificate (expected: the key of " + file + ")");
        }
        if (!clock.instant().isBefore(certificate.getNotAfter().toInstant())) {
            throw new IOException(
                file + ": expired at " + certificate.getNotAfter().toInstant() + " (expected: an authority that is good)");
        }
        return new CertificateAuthority(trustDomain, certificate, key, clock);
    }

    /** As {@code ca.crt} and {@code ca.key}; what is there is replaced. */
    public void write(Path directory) throws IOException {
        // The certificate last: with it the pair is complete.
        PemFiles.writeKey(directory.resolve(KEY), key);
        PemFiles.writeCertificates(directory.resolve(CERTIFICATE), List.of(certificate));
    }

    /** A new one that is kept nowhere. */
    public static CertificateAuthority create(TrustDomain trustDomain, InstantSource clock) {
        KeyPair pair = KeyPairs.create();
        Instant now = clock.instant();
        X500Name name = new X500Name("CN=" + trustDomain + " mesh CA");
        try {
            var builder = new JcaX509v3CertificateBuilder(name, serial(), Date.from(now.minus(BACKDATED)), Date.from(now.plus(LIFE)), name,
                pair.getPublic());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            builder.addExtension(Extension.subjectAlternativeName, false, uri(trustDomain.uri()));
            builder.addExtension(Extension.subjectKeyIdentifier, false,
                new JcaX509ExtensionUtils().createSubjectKeyIdentifier(pair.getPublic()));
            return new CertificateAuthority(trustDomain, signed(builder, pair.getPrivate()), pair.getPrivate(), clock);
        } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
            throw new IllegalStateException("a CA certificate could not be made", e);
        }
    }

    /** Who vouches: this authority. */
    public TrustBundle bundle() {
        return new TrustBundle(trustDomain, List.of(certificate));
    }

    /** {@code sha256:} and the hash of the certificate's DER in hexadecimal: how a sidecar knows the authority before it trusts it. */
    public String pin() {
        return CaPin.of(certificate).toString();
    }

    /**
     * Signs a request. Only its key is taken; names and extensions in it are ignored.
     *
     * @param csr PKCS#10, DER
     * @return leaf first, without the root
     * @throws IllegalArgumentException when it is no proof of a key that is strong enough
     */
    public List<X509Certificate> sign(byte[] csr, SpiffeId id, Duration life) {
        return List.of(leaf(SigningRequest.verifiedKey(csr), id, life));
    }

    /** A new key with its certificate; the chain has no root. */
    public Svid issue(SpiffeId id, Duration life) {
        KeyPair pair = KeyPairs.create();
        return new Svid(id, List.of(leaf(pair.getPublic(), id, life)), pair.getPrivate());
    }

    private X509Certificate leaf(PublicKey subjectKey, SpiffeId id, Duration life) {
        if (!id.trustDomain().equals(trustDomain)) {
            throw new IllegalArgumentException("\"" + id + "\" (expected: an identity of " + trustDomain.uri() + ")");
        }
        Instant now = clock.instant();
        Instant until = now.plus(life);
        Instant last = certificate.getNotAfter().toInstant();
        // By its encoding: built from its text, the issuer's name may come out different, and the chain then does not verify.
        X500Name issuer = X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
        try {
            var builder = new JcaX509v3CertificateBuilder(issuer, serial(), Date.from(now.minus(BACKDATED)),
                Date.from(until.isBefore(last) ? until : last), new X500Name("O=" + trustDomain), subjectKey);
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            builder.addExtension(Extension.extendedKeyUsage, false,
                new ExtendedKeyUsage(new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth}));
            builder.addExtension(Extension.subjectAlternativeName, false, uri(id.toString()));
            builder.addExtension(Extension.authorityKeyIdentifier, false,
                new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(certificate.getPublicKey()));
            return signed(builder, key);
        } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
            throw new IllegalStateException("a certificate for " + id + " could not be made", e);
        }
    }

    private static X509Certificate signed(JcaX509v3CertificateBuilder builder, PrivateKey key)
        throws GeneralSecurityException, OperatorCreationException {
        return new JcaX509CertificateConverter().getCertificate(builder.build(new JcaContentSignerBuilder(KeyPairs.SIGNATURE).build(key)));
    }

    private static GeneralNames uri(String uri) {
        return new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, uri));
    }

    private static BigInteger serial() {
        return new BigInteger(126, Env.SECURE_RANDOM).setBit(126);
    }
}
