package mesh.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.util.Optional;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PKCS8Generator;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.openssl.jcajce.JceOpenSSLPKCS8EncryptorBuilder;
import org.bouncycastle.util.io.pem.PemObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyPemTest {

    private static final Optional<Passphrase> RIGHT = Optional.of(Passphrase.of("correct horse", "test"));
    private static final Optional<Passphrase> WRONG = Optional.of(Passphrase.of("battery staple", "test"));

    private final PrivateKey key = KeyPairs.create().getPrivate();

    @TempDir
    private Path directory;

    @Test
    void readsWhatItWrote() throws IOException {
        String plain = KeyPem.encode(key, Optional.empty());
        assertThat(KeyPem.isEncrypted(plain)).isFalse();
        assertThat(KeyPem.decode(plain, "ca.key", RIGHT)).isEqualTo(key);
        String encrypted = KeyPem.encode(key, RIGHT);
        assertThat(KeyPem.isEncrypted(encrypted)).isTrue();
        assertThat(KeyPem.decode(encrypted, "ca.key", RIGHT)).isEqualTo(key);
    }

    @Test
    void saysThatThePassphraseIsMissingOrWrong() {
        String encrypted = KeyPem.encode(key, RIGHT);
        assertThatThrownBy(() -> KeyPem.decode(encrypted, "ca.key", Optional.empty())).isInstanceOf(IOException.class)
            .hasMessage("ca.key: the key is encrypted (expected: its passphrase, by --ca-passphrase-file or MESH_CA_PASSPHRASE)");
        assertThatThrownBy(() -> KeyPem.decode(encrypted, "ca.key", WRONG)).isInstanceOf(IOException.class)
            .hasMessage("ca.key: the passphrase is not the one the key was encrypted with");
    }

    @Test
    void readsTheOlderFormsOfOpenSslAndRsa() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        KeyPair rsa = generator.generateKeyPair();
        assertThat(KeyPem.decode(written(rsa), "ca.key", Optional.empty())).isEqualTo(rsa.getPrivate());
        var ec = new org.bouncycastle.asn1.sec.ECPrivateKey(256, ((ECPrivateKey) key).getS(), SECObjectIdentifiers.secp256r1);
        String text = written(new PemObject("EC PRIVATE KEY", ec.getEncoded()));
        assertThat(((ECPrivateKey) KeyPem.decode(text, "ca.key", Optional.empty())).getS()).isEqualTo(((ECPrivateKey) key).getS());
    }

    @Test
    void readsOtherWaysToEncrypt() throws Exception {
        var encryptor = new JceOpenSSLPKCS8EncryptorBuilder(PKCS8Generator.AES_128_CBC).setProvider(new BouncyCastleProvider())
            .setPRF(PKCS8Generator.PRF_HMACSHA512).setPassword("correct horse".toCharArray()).build();
        assertThat(KeyPem.decode(written(new JcaPKCS8Generator(key, encryptor)), "ca.key", RIGHT)).isEqualTo(key);
    }

    private static String written(Object object) throws IOException {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(object);
        }
        return text.toString();
    }

    @Test
    void saysThatThereIsNoKey() {
        assertThatThrownBy(() -> KeyPem.decode("nothing", "ca.key", RIGHT)).isInstanceOf(IOException.class)
            .hasMessageStartingWith("ca.key: no private key in it");
        assertThatThrownBy(() -> KeyPem.decode("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "ca.key", RIGHT))
            .isInstanceOf(IOException.class).hasMessageStartingWith("ca.key: ");
    }

    @Test
    void aPassphraseIsTheFirstLineOfItsFileAndNotShort() throws IOException {
        Path file = Files.writeString(directory.resolve("passphrase"), "correct horse\nand more\n");
        assertThat(KeyPem.decode(KeyPem.encode(key, RIGHT), "ca.key", Optional.of(Passphrase.read(file)))).isEqualTo(key);
        Files.writeString(file, "short\n");
        assertThatThrownBy(() -> Passphrase.read(file)).hasMessage(file + ": a passphrase of 5 characters (expected: at least 8)");
        assertThatThrownBy(() -> Passphrase.read(directory.resolve("none"))).hasMessageContaining("none: may not be read");
        assertThat(Passphrase.read(Files.writeString(file, "never printed"))).hasToString("Passphrase");
    }
}
