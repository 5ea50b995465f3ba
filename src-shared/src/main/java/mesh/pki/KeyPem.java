package mesh.pki;

import java.io.IOException;
import java.io.StringReader;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;
import mesh.time.Env;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.EncryptedPrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.EncryptionScheme;
import org.bouncycastle.asn1.pkcs.KeyDerivationFunc;
import org.bouncycastle.asn1.pkcs.PBES2Parameters;
import org.bouncycastle.asn1.pkcs.PBKDF2Params;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.openssl.jcajce.JceOpenSSLPKCS8DecryptorProviderBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;
import org.bouncycastle.pkcs.PKCSException;

/**
 * An authority's private key as PEM: PKCS#8, encrypted where there is a passphrase (PBES2, RFC 8018: AES-256-CBC under PBKDF2 with
 * HMAC-SHA-256), as {@code openssl pkcs8} reads and writes it. Any thread.
 */
public final class KeyPem {

    /** What OWASP's password storage cheat sheet asks of PBKDF2 with HMAC-SHA-256; some tenths of a second, at a start and at a renewal. */
    private static final int ITERATIONS = 600_000;

    private static final AlgorithmIdentifier HMAC_SHA_256 = new AlgorithmIdentifier(PKCSObjectIdentifiers.id_hmacWithSHA256, DERNull.INSTANCE);
    private static final int SALT_BYTES = 16, IV_BYTES = 16, KEY_BITS = 256;
    private static final String ENCRYPTED = "ENCRYPTED PRIVATE KEY";
    private static final String PLAIN = "PRIVATE KEY";

    private KeyPem() {}

    /** The key as text. */
    public static String encode(PrivateKey key, Optional<Passphrase> passphrase) {
        StringBuilder text = new StringBuilder();
        if (passphrase.isEmpty()) {
            PemFiles.append(text, PLAIN, key.getEncoded());
        } else {
            PemFiles.append(text, ENCRYPTED, encrypt(key.getEncoded(), passphrase.get()));
        }
        return text.toString();
    }

    /** Whether what {@link #encode} made, or somebody brought, is of use to nobody without a passphrase. */
    public static boolean isEncrypted(String pem) {
        return pem.contains("-----BEGIN " + ENCRYPTED + "-----");
    }

    private static byte[] encrypt(byte[] key, Passphrase passphrase) {
        byte[] salt = random(SALT_BYTES);
        byte[] iv = random(IV_BYTES);
        PBES2Parameters how = new PBES2Parameters(
            new KeyDerivationFunc(PKCSObjectIdentifiers.id_PBKDF2, new PBKDF2Params(salt, ITERATIONS, KEY_BITS / 8, HMAC_SHA_256)),
            new EncryptionScheme(NISTObjectIdentifiers.id_aes256_CBC, new DEROctetString(iv)));
        try {
            byte[] secret = cipher(Cipher.ENCRYPT_MODE, passphrase, salt, ITERATIONS, iv).doFinal(key);
            return new EncryptedPrivateKeyInfo(new AlgorithmIdentifier(PKCSObjectIdentifiers.id_PBES2, how), secret).getEncoded();
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("every JDK has AES and PBKDF2", e);
        }
    }

    /** The JDK's: its PBKDF2 is several times as fast as BouncyCastle's. */
    private static Cipher cipher(int mode, Passphrase passphrase, byte[] salt, int iterations, byte[] iv) throws GeneralSecurityException {
        byte[] key = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
            .generateSecret(new PBEKeySpec(passphrase.characters(), salt, iterations, KEY_BITS)).getEncoded();
        Cipher cipher = Cipher.getInstance("AES/CBC/PKCS5Padding");
        cipher.init(mode, new SecretKeySpec(key, "AES"), new IvParameterSpec(iv));
        return cipher;
    }

    private static byte[] random(int bytes) {
        byte[] random = new byte[bytes];
        Env.SECURE_RANDOM.nextBytes(random);
        return random;
    }

    /**
     * Reads a key: PKCS#8, encrypted or not, or the older forms of OpenSSL.
     *
     * @param where it stands, for messages
     * @throws IOException saying what is wrong; also when the passphrase is missing or not the right one
     */
    public static PrivateKey decode(String pem, String where, Optional<Passphrase> passphrase) throws IOException {
        PrivateKeyInfo info = null;
        for (PEMParser parser = new PEMParser(new StringReader(pem)); info == null; ) {
            Object next = next(parser, where);
            if (next == null) {
                throw new IOException(where + ": no private key in it (expected: -----BEGIN PRIVATE KEY-----, also encrypted)");
            } else if (next instanceof PrivateKeyInfo plain) {
                info = plain;
            } else if (next instanceof PEMKeyPair pair) {
                info = pair.getPrivateKeyInfo();
            } else if (next instanceof PKCS8EncryptedPrivateKeyInfo encrypted) {
                info = decrypt(encrypted, where, passphrase);
            }
        }
        try {
            return new JcaPEMKeyConverter().getPrivateKey(info);
        } catch (IOException e) {
            throw new IOException(where + ": the key is not readable (expected: ECDSA or RSA)", e);
        }
    }

    private static Object next(PEMParser parser, String where) throws IOException {
        try {
            return parser.readObject();
        } catch (IOException | RuntimeException e) {
            throw new IOException(where + ": not readable (expected: PEM)", e);
        }
    }

    private static PrivateKeyInfo decrypt(PKCS8EncryptedPrivateKeyInfo encrypted, String where, Optional<Passphrase> passphrase)
        throws IOException {
        if (passphrase.isEmpty()) {
            throw new IOException(where + ": the key is encrypted (expected: its passphrase, by --ca-passphrase-file or MESH_CA_PASSPHRASE)");
        }
        try {
            Optional<PrivateKeyInfo> own = decryptOwn(encrypted, passphrase.get());
            return own.isPresent() ? own.get() : encrypted.decryptPrivateKeyInfo(
                new JceOpenSSLPKCS8DecryptorProviderBuilder().setProvider(new BouncyCastleProvider()).build(passphrase.get().characters()));
        } catch (PKCSException | OperatorCreationException | GeneralSecurityException | RuntimeException e) {
            throw new IOException(where + ": the passphrase is not the one the key was encrypted with", e);
        }
    }

    /** What {@link #encrypt} and OpenSSL's default make of it; empty for any other of the many ways there are. */
    private static Optional<PrivateKeyInfo> decryptOwn(PKCS8EncryptedPrivateKeyInfo encrypted, Passphrase passphrase)
        throws GeneralSecurityException {
        EncryptedPrivateKeyInfo info = encrypted.toASN1Structure();
        if (!info.getEncryptionAlgorithm().getAlgorithm().equals(PKCSObjectIdentifiers.id_PBES2)) {
            return Optional.empty();
        }
        PBES2Parameters how = PBES2Parameters.getInstance(info.getEncryptionAlgorithm().getParameters());
        PBKDF2Params derived = PBKDF2Params.getInstance(how.getKeyDerivationFunc().getParameters());
        if (!how.getEncryptionScheme().getAlgorithm().equals(NISTObjectIdentifiers.id_aes256_CBC)
            || !derived.getPrf().getAlgorithm().equals(HMAC_SHA_256.getAlgorithm())) {
            return Optional.empty();
        }
        byte[] iv = ASN1OctetString.getInstance(how.getEncryptionScheme().getParameters()).getOctets();
        Cipher cipher = cipher(Cipher.DECRYPT_MODE, passphrase, derived.getSalt(), derived.getIterationCount().intValueExact(), iv);
        return Optional.of(PrivateKeyInfo.getInstance(cipher.doFinal(info.getEncryptedData())));
    }
}
