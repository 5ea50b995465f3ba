package mesh.pki;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certificate that may break any rule; a good leaf of a day until told otherwise. */
public final class TestCertificate {

    /** A certificate and its key, which may sign others. */
    public record Signed(X509Certificate certificate, PrivateKey key) {}

    private final List<GeneralName> names = new ArrayList<>();
    private final Instant now;
    private Duration from = Duration.ofMinutes(-1);
    private Duration until = Duration.ofDays(1);
    private String subject = "O=test";
    private boolean ca;
    private int pathLength = -1;
    private NameConstraints constraints;
    private String criticalExtension;
    private int usage = KeyUsage.digitalSignature;
    private boolean usageIsCritical = true;
    private KeyPurposeId[] purposes = {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth};

    private TestCertificate(Instant now) {
        this.now = now;
    }

    public static TestCertificate at(Instant now) {
        return new TestCertificate(now);
    }

    public TestCertificate uri(String... uris) {
        Stream.of(uris).forEach(uri -> names.add(new GeneralName(GeneralName.uniformResourceIdentifier, uri)));
        return this;
    }

    public TestCertificate dns(String name) {
        names.add(new GeneralName(GeneralName.dNSName, name));
        return this;
    }

    public TestCertificate subject(String name) {
        subject = name;
        return this;
    }

    /** From the moment this was made for. */
    public TestCertificate good(Duration newFrom, Duration newUntil) {
        from = newFrom;
        until = newUntil;
        return this;
    }

    /** May sign, and nothing else. */
    public TestCertificate ca() {
        ca = true;
        purposes = new KeyPurposeId[0];
        return usage(KeyUsage.keyCertSign | KeyUsage.cRLSign);
    }

    /** A CA with at most so many others below it. */
    public TestCertificate ca(int below) {
        pathLength = below;
        return ca();
    }

    /** May sign only for these URIs' hosts: {@code mesh.local} for one, {@code .mesh.local} for those below it. */
    public TestCertificate permitted(String... hosts) {
        constraints = new NameConstraints(subtrees(hosts), null);
        return this;
    }

    /** May not sign for these URIs' hosts. */
    public TestCertificate excluded(String... hosts) {
        constraints = new NameConstraints(null, subtrees(hosts));
        return this;
    }

    private static GeneralSubtree[] subtrees(String... hosts) {
        return Stream.of(hosts).map(host -> new GeneralSubtree(new GeneralName(GeneralName.uniformResourceIdentifier, host)))
            .toArray(GeneralSubtree[]::new);
    }

    /** With an extension that has to be understood, and is not. */
    public TestCertificate critical(String oid) {
        criticalExtension = oid;
        return this;
    }

    /** A CA by its constraints, with the usage and purposes of a leaf. */
    public TestCertificate caThatAuthenticates() {
        ca = true;
        return this;
    }

    /** @param bits of {@link KeyUsage}; 0 for no such extension */
    public TestCertificate usage(int bits) {
        usage = bits;
        return this;
    }

    public TestCertificate usageNotCritical() {
        usageIsCritical = false;
        return this;
    }

    /** Nothing for no such extension. */
    public TestCertificate purposes(KeyPurposeId... newPurposes) {
        purposes = newPurposes;
        return this;
    }

    /** By itself. */
    public Signed selfSigned() {
        KeyPair pair = KeyPairs.create();
        return build(pair, new X500Name(subject), pair.getPrivate());
    }

    public Signed signedBy(Signed issuer) {
        return build(KeyPairs.create(), X500Name.getInstance(issuer.certificate.getSubjectX500Principal().getEncoded()), issuer.key);
    }

    /** As if that one had signed it: its name, with another key. */
    public Signed forged(Signed issuer) {
        return build(KeyPairs.create(), X500Name.getInstance(issuer.certificate.getSubjectX500Principal().getEncoded()), KeyPairs.create().getPrivate());
    }

    private Signed build(KeyPair pair, X500Name issuer, PrivateKey issuerKey) {
        try {
            var builder = new JcaX509v3CertificateBuilder(issuer, BigInteger.valueOf(now.toEpochMilli()), Date.from(now.plus(from)),
                Date.from(now.plus(until)), new X500Name(subject), pair.getPublic());
            builder.addExtension(Extension.basicConstraints, true, pathLength < 0 ? new BasicConstraints(ca) : new BasicConstraints(pathLength));
            if (constraints != null) {
                builder.addExtension(Extension.nameConstraints, true, constraints);
            }
            if (criticalExtension != null) {
                builder.addExtension(new ASN1ObjectIdentifier(criticalExtension), true, new DEROctetString(new byte[] {1}));
            }
            if (usage != 0) {
                builder.addExtension(Extension.keyUsage, usageIsCritical, new KeyUsage(usage));
            }
            if (purposes.length > 0) {
                builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purposes));
            }
            if (!names.isEmpty()) {
                builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names.toArray(GeneralName[]::new)));
            }
            var signer = new JcaContentSignerBuilder(KeyPairs.SIGNATURE).build(issuerKey);
            return new Signed(new JcaX509CertificateConverter().getCertificate(builder.build(signer)), pair.getPrivate());
        } catch (GeneralSecurityException | OperatorException | java.io.IOException e) {
            throw new IllegalStateException("a certificate for a test could not be made", e);
        }
    }
}
