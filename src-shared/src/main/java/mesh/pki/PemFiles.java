package mesh.pki;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.disk.DurableFile;
import mesh.model.SpiffeId;
import mesh.model.TrustBundle;
import mesh.model.TrustDomain;

/** Certificates and keys in PEM files. What is wrong with a file is told with its name, what stands there and what was expected. */
public final class PemFiles {

    private static final String CERTIFICATE = "CERTIFICATE";
    private static final String PRIVATE_KEY = "PRIVATE KEY";
    private static final Pattern BLOCK = Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");
    private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

    private PemFiles() {}

    /** Writes certificates in the order given; mode 0600; whole or not at all, also when the machine stops. */
    public static void writeCertificates(Path file, List<X509Certificate> certificates) throws IOException {
        write(file, encode(certificates));
    }

    /** Certificates in the order given, as text. */
    public static String encode(List<X509Certificate> certificates) {
        StringBuilder text = new StringBuilder();
        append(text, certificates);
        return text.toString();
    }

    /** Writes a key in PKCS#8; mode 0600; whole or not at all, also when the machine stops. */
    public static void writeKey(Path file, PrivateKey key) throws IOException {
        write(file, encode(key));
    }

    /** A key in PKCS#8, as text: for who may have it, and for nothing that is printed. */
    public static String encode(PrivateKey key) {
        StringBuilder text = new StringBuilder();
        append(text, PRIVATE_KEY, key.getEncoded());
        return text.toString();
    }

    /** Writes the key and the chain into one file, so that they always fit; mode 0600; whole or not at all, also when the machine stops. */
    public static void writeSvid(Path file, Svid svid) throws IOException {
        StringBuilder text = new StringBuilder();
        append(text, PRIVATE_KEY, svid.key().getEncoded());
        append(text, svid.chain());
        write(file, text.toString());
    }

    private static void append(StringBuilder text, List<X509Certificate> certificates) {
        for (X509Certificate certificate : certificates) {
            try {
                append(text, CERTIFICATE, certificate.getEncoded());
            } catch (CertificateEncodingException e) {
                throw new IllegalStateException("a certificate that was read has an encoding", e);
            }
        }
    }

    static void append(StringBuilder text, String kind, byte[] der) {
        text.append("-----BEGIN ").append(kind).append("-----\n").append(LINES.encodeToString(der))
            .append("\n-----END ").append(kind).append("-----\n");
    }

    private static void write(Path file, String text) throws IOException {
        DurableFile.write(file, text.getBytes(StandardCharsets.US_ASCII));
    }

    /**
     * Reads all certificates of a file, in order.
     *
     * @throws IOException naming the file and what is wrong with it; also when there is none in it
     */
    public static List<X509Certificate> certificates(Path file) throws IOException {
        return certificates(text(file), file.toString());
    }

    /** As above, of a text. @param where it stands, for messages */
    public static List<X509Certificate> certificates(String text, String where) throws IOException {
        List<X509Certificate> all = new ArrayList<>();
        for (byte[] der : blocks(text, where, CERTIFICATE)) {
            try {
                all.add((X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der)));
            } catch (CertificateException e) {
                String which = where + ": certificate " + (all.size() + 1);
                throw new IOException(which + " is not readable (expected: X.509): " + e.getMessage(), e);
            }
        }
        return all;
    }

    /**
     * Reads a key.
     *
     * @throws IOException naming the file and what is wrong with it
     */
    public static PrivateKey privateKey(Path file) throws IOException {
        List<byte[]> blocks = blocks(text(file), file.toString(), PRIVATE_KEY);
        if (blocks.size() != 1) {
            throw new IOException(file + ": " + blocks.size() + " private keys (expected: one)");
        }
        try {
            return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(blocks.get(0)));
        } catch (GeneralSecurityException e) {
            throw new IOException(file + ": the key is not readable (expected: ECDSA, PKCS#8)", e);
        }
    }

    /**
     * Reads a workload's identity.
     *
     * @throws IOException naming the file and what is wrong with it; also when key and certificate do not belong together
     */
    public static Svid svid(Path certificates, Path key) throws IOException {
        List<X509Certificate> chain = certificates(certificates);
        SpiffeId id;
        try {
            id = SvidVerifier.identityOf(chain.get(0));
        } catch (IllegalArgumentException e) {
            throw new IOException(certificates + ": " + e.getMessage(), e);
        }
        PrivateKey own = privateKey(key);
        if (!KeyPairs.match(own, chain.get(0).getPublicKey())) {
            throw new IOException(key + ": the key of another certificate (expected: the key of " + certificates + ")");
        }
        return new Svid(id, chain, own);
    }

    /**
     * Reads whom a workload of a trust domain trusts.
     *
     * @throws IOException naming the file and what is wrong with it; also when a certificate in it is no authority, or another domain's
     */
    public static TrustBundle bundle(Path file, TrustDomain trustDomain) throws IOException {
        return bundle(text(file), file.toString(), trustDomain);
    }

    /** As above, of a text. @param where it stands, for messages */
    public static TrustBundle bundle(String text, String where, TrustDomain trustDomain) throws IOException {
        List<X509Certificate> authorities = certificates(text, where);
        for (X509Certificate authority : authorities) {
            if (authority.getBasicConstraints() < 0) {
                throw new IOException(where + ": " + authority.getSubjectX500Principal() + " may not sign (expected: CA certificates)");
            }
            List<String> uris = Extensions.uris(authority);
            if (!uris.isEmpty() && !uris.equals(List.of(trustDomain.uri()))) {
                throw new IOException(where + ": the authority of " + uris + " (expected: of " + trustDomain.uri() + ")");
            }
        }
        return new TrustBundle(trustDomain, authorities);
    }

    /** @throws IOException naming the file */
    static String text(Path file) throws IOException {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            throw new IOException(file + ": no such file (expected: PEM)", e);
        } catch (IOException e) {
            throw new IOException(file + ": may not be read (expected: a PEM file this user may read)", e);
        }
    }

    private static List<byte[]> blocks(String text, String where, String kind) throws IOException {
        List<byte[]> found = new ArrayList<>();
        Set<String> others = new TreeSet<>();
        for (Matcher block = BLOCK.matcher(text); block.find();) {
            if (!block.group(1).equals(kind)) {
                others.add(block.group(1));
                continue;
            }
            try {
                found.add(Base64.getMimeDecoder().decode(block.group(2)));
            } catch (IllegalArgumentException e) {
                throw new IOException(where + ": " + kind + " that is not base64 (expected: PEM)", e);
            }
        }
        if (found.isEmpty()) {
            throw new IOException(where + ": no " + kind + " in it" + (others.isEmpty() ? "" : ", but " + others) + " (expected: -----BEGIN "
                + kind + "-----)");
        }
        return found;
    }
}
