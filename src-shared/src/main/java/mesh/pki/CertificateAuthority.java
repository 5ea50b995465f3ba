package mesh.pki;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import mesh.model.SpiffeId;
import mesh.model.TrustBundle;
import mesh.model.TrustDomain;
import mesh.time.Env;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.util.IPAddress;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * Signs for one trust domain: a root, which signs authorities below it, or one of those, which signs identities. Its own keys are ECDSA
 * P-256. What it signs is valid from a minute ago, so that a clock that is a little behind takes it, and never outlives an authority
 * above. Any thread.
 */
public final class CertificateAuthority {

    /** File names. */
    public static final String CERTIFICATE = "ca.crt";
    public static final String KEY = "ca.key";

    private static final Duration LIFE = Duration.ofDays(3650);
    private static final Duration INTERMEDIATE_LIFE = Duration.ofDays(365);
    private static final Duration BACKDATED = Duration.ofMinutes(1);
    /** Of intermediates below it: none, so that it signs leaves; or one. */
    private static final int SIGNS_LEAVES = 0, SIGNS_AUTHORITIES = 1;

    private final TrustDomain trustDomain;
    /** Its own certificate first, the root last; for a root, one and the same. */
    private final List<X509Certificate> chain;
    private final PrivateKey key;
    private final InstantSource clock;

    private CertificateAuthority(TrustDomain trustDomain, List<X509Certificate> chain, PrivateKey key, InstantSource clock) {
        this.trustDomain = trustDomain;
        this.chain = List.copyOf(chain);
        this.key = key;
        this.clock = clock;
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
        return new CertificateAuthority(trustDomain, List.of(certificate), key, clock);
    }

    /** As {@code ca.crt} and {@code ca.key}; what is there is replaced. */
    public void write(Path directory) throws IOException {
        // The certificate last: with it the pair is complete.
        PemFiles.writeKey(directory.resolve(KEY), key);
        PemFiles.writeCertificates(directory.resolve(CERTIFICATE), chain);
    }

    /** A new one that is kept nowhere and signs identities itself. */
    public static CertificateAuthority create(TrustDomain trustDomain, InstantSource clock) {
        return selfSigned(trustDomain, "CN=" + trustDomain + " mesh CA", SIGNS_LEAVES, clock);
    }

    /** A new root that is kept nowhere and signs authorities only: for identities, ask its {@link #intermediate}. */
    public static CertificateAuthority createRoot(TrustDomain trustDomain, InstantSource clock) {
        // A name of its own: where two roots are trusted, some verifiers look for the one to try by its name.
        return selfSigned(trustDomain, "CN=" + trustDomain + " mesh root " + randomName(), SIGNS_AUTHORITIES, clock);
    }

    private static CertificateAuthority selfSigned(TrustDomain trustDomain, String subject, int depth, InstantSource clock) {
        KeyPair pair = KeyPairs.create();
        X500Name name = new X500Name(subject);
        Instant now = clock.instant();
        X509Certificate certificate = authority(trustDomain, name, name, pair.getPublic(), now, now.plus(LIFE), depth, null, pair.getPrivate());
        return new CertificateAuthority(trustDomain, List.of(certificate), pair.getPrivate(), clock);
    }

    /** A new authority below this one, with a key of its own. It signs identities, for a year or until this one ends. */
    public CertificateAuthority intermediate() {
        if (!signsAuthorities()) {
            throw new IllegalStateException(certificate().getSubjectX500Principal() + " may not sign authorities (expected: a path length of 1)");
        }
        KeyPair pair = KeyPairs.create();
        Instant now = clock.instant();
        X509Certificate made = authority(trustDomain, subject(certificate()), new X500Name("CN=" + trustDomain + " mesh intermediate " + randomName()),
            pair.getPublic(), now, earlier(now.plus(INTERMEDIATE_LIFE), end()), SIGNS_LEAVES, certificate(), key);
        return new CertificateAuthority(trustDomain, Stream.concat(Stream.of(made), chain.stream()).toList(), pair.getPrivate(), clock);
    }

    private static X509Certificate authority(TrustDomain trustDomain, X500Name issuer, X500Name subject, PublicKey subjectKey, Instant now,
        Instant until, int depth, X509Certificate above, PrivateKey signer) {
        try {
            var builder = new JcaX509v3CertificateBuilder(
                issuer, serial(), Date.from(now.minus(BACKDATED)), Date.from(until), subject, subjectKey);
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(depth));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            builder.addExtension(Extension.subjectAlternativeName, false, uri(trustDomain.uri()));
            builder.addExtension(Extension.subjectKeyIdentifier, false, new JcaX509ExtensionUtils().createSubjectKeyIdentifier(subjectKey));
            if (above != null) {
                builder.addExtension(Extension.authorityKeyIdentifier, false, keyIdentifier(above));
            }
            return signed(builder, signer);
        } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
            throw new IllegalStateException("a CA certificate could not be made", e);
        }
    }

    /**
     * One that was made elsewhere, whether or not it is good at this time.
     *
     * @param chain its own certificate first, each signed by the next, the root last
     * @param key   of the first
     * @throws IllegalArgumentException naming the certificate and what is wrong with it
     */
    public static CertificateAuthority of(List<X509Certificate> chain, PrivateKey key, TrustDomain trustDomain, InstantSource clock) {
        for (int i = 0; i < chain.size(); i++) {
            check(chain, i, trustDomain);
        }
        if (!KeyPairs.match(key, chain.get(0).getPublicKey())) {
            throw new IllegalArgumentException("the key of another certificate (expected: the key of "
                + chain.get(0).getSubjectX500Principal() + ", which stands first)");
        }
        return new CertificateAuthority(trustDomain, chain, key, clock);
    }

    private static void check(List<X509Certificate> chain, int i, TrustDomain trustDomain) {
        X509Certificate certificate = chain.get(i);
        String which = "certificate " + (i + 1) + " of " + chain.size() + ", " + certificate.getSubjectX500Principal() + ": ";
        require(certificate.getBasicConstraints() >= 0 && Extensions.maySign(certificate), which + "may not sign (expected: a CA certificate)");
        require(certificate.getBasicConstraints() >= i, which + "allows " + certificate.getBasicConstraints()
            + " authorities below it, and there are " + i + " (expected: a longer path)");
        require(KeyPairs.isStrong(certificate.getPublicKey()), which + certificate.getPublicKey().getAlgorithm()
            + " key (expected: ECDSA P-256 or more, or RSA 2048 or more)");
        List<String> uris = Extensions.uris(certificate);
        require(uris.isEmpty() || uris.equals(List.of(trustDomain.uri())), which + "the authority of " + uris + " (expected: of " + trustDomain.uri() + ")");
        boolean isLast = i == chain.size() - 1;
        X509Certificate signer = isLast ? certificate : chain.get(i + 1);
        try {
            certificate.verify(signer.getPublicKey());
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException(which + (isLast ? "signed by another (expected: the root, which signs itself, at the end)"
                : "not signed by the next one (expected: each certificate followed by its signer)"), e);
        }
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }

    /** Who vouches: the root. */
    public TrustBundle bundle() {
        return new TrustBundle(trustDomain, List.of(root()));
    }

    /** Its own certificate first, the root last. */
    public List<X509Certificate> chain() {
        return chain;
    }

    public X509Certificate certificate() {
        return chain.get(0);
    }

    public X509Certificate root() {
        return chain.get(chain.size() - 1);
    }

    /** Whether it may have authorities below it. */
    public boolean signsAuthorities() {
        return certificate().getBasicConstraints() >= SIGNS_AUTHORITIES;
    }

    /** When the first certificate of its chain ends, and with it everything that it signed. */
    public Instant end() {
        return chain.stream().map(each -> each.getNotAfter().toInstant()).min(Comparator.naturalOrder()).orElseThrow();
    }

    /** To be kept: the key as PEM. */
    public String keyPem(Optional<Passphrase> passphrase) {
        return KeyPem.encode(key, passphrase);
    }

    /** {@code sha256:} and the hash of the root's DER in hexadecimal: how a sidecar knows the authority before it trusts it. */
    public String pin() {
        return CaPin.of(root()).toString();
    }

    /**
     * Signs a request. Only its key is taken; names and extensions in it are ignored.
     *
     * @param csr PKCS#10, DER
     * @return leaf first, without the root
     * @throws IllegalArgumentException when it is no proof of a key that is strong enough
     */
    public List<X509Certificate> sign(byte[] csr, SpiffeId id, Duration life) {
        return withoutRoot(leaf(SigningRequest.verifiedKey(csr), id, life, List.of()));
    }

    /** A new key with its certificate; the chain has no root. */
    public Svid issue(SpiffeId id, Duration life) {
        return issue(id, life, List.of());
    }

    /**
     * The same for a server that also clients without SPIFFE reach.
     *
     * @param hosts names and IP addresses by which they call it
     */
    public Svid issue(SpiffeId id, Duration life, List<String> hosts) {
        KeyPair pair = KeyPairs.create();
        return new Svid(id, withoutRoot(leaf(pair.getPublic(), id, life, hosts)), pair.getPrivate());
    }

    private List<X509Certificate> withoutRoot(X509Certificate leaf) {
        return Stream.concat(Stream.of(leaf), chain.stream().limit(chain.size() - 1)).toList();
    }

    private X509Certificate leaf(PublicKey subjectKey, SpiffeId id, Duration life, List<String> hosts) {
        if (!id.trustDomain().equals(trustDomain)) {
            throw new IllegalArgumentException("\"" + id + "\" (expected: an identity of " + trustDomain.uri() + ")");
        }
        Instant now = clock.instant();
        try {
            var builder = new JcaX509v3CertificateBuilder(subject(certificate()), serial(), Date.from(now.minus(BACKDATED)),
                Date.from(earlier(now.plus(life), end())), new X500Name("O=" + trustDomain), subjectKey);
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            builder.addExtension(Extension.extendedKeyUsage, false,
                new ExtendedKeyUsage(new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth}));
            builder.addExtension(Extension.subjectAlternativeName, false, names(id, hosts));
            builder.addExtension(Extension.authorityKeyIdentifier, false, keyIdentifier(certificate()));
            return signed(builder, key);
        } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
            throw new IllegalStateException("a certificate for " + id + " could not be made", e);
        }
    }

    private static Instant earlier(Instant one, Instant other) {
        return one.isBefore(other) ? one : other;
    }

    /** By its encoding: built from its text, the issuer's name may come out different, and the chain then does not verify. */
    private static X500Name subject(X509Certificate certificate) {
        return X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
    }

    /** As the authority itself calls its key; those that others made may count differently. */
    private static AuthorityKeyIdentifier keyIdentifier(X509Certificate authority) throws GeneralSecurityException {
        SubjectKeyIdentifier own = SubjectKeyIdentifier.fromExtensions(new JcaX509CertificateHolder(authority).getExtensions());
        return own == null ? new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(authority.getPublicKey())
            : new AuthorityKeyIdentifier(own.getKeyIdentifier());
    }

    private static X509Certificate signed(JcaX509v3CertificateBuilder builder, PrivateKey key)
        throws GeneralSecurityException, OperatorCreationException {
        return new JcaX509CertificateConverter().getCertificate(builder.build(new JcaContentSignerBuilder(KeyPairs.signature(key)).build(key)));
    }

    private static GeneralNames uri(String uri) {
        return new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, uri));
    }

    private static GeneralNames names(SpiffeId id, List<String> hosts) {
        return new GeneralNames(Stream.concat(
            Stream.of(new GeneralName(GeneralName.uniformResourceIdentifier, id.toString())),
            hosts.stream().map(host -> new GeneralName(IPAddress.isValid(host) ? GeneralName.iPAddress : GeneralName.dNSName, host)))
            .toArray(GeneralName[]::new));
    }

    private static BigInteger serial() {
        return new BigInteger(126, Env.SECURE_RANDOM).setBit(126);
    }

    private static String randomName() {
        byte[] name = new byte[4];
        Env.SECURE_RANDOM.nextBytes(name);
        return HexFormat.of().formatHex(name);
    }
}
