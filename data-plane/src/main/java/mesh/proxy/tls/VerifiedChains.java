package mesh.proxy.tls;

import java.math.BigInteger;
import java.security.cert.Certificate;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import mesh.digest.Sha256;
import mesh.model.Trust;
import mesh.pki.SvidVerifier;
import mesh.pki.Verdict;
import mesh.pki.Verdict.Accepted;

/**
 * Chains that one set of bundles has vouched for, so that a peer that connects again is looked up and not verified again; that it has the key, each
 * handshake proves anew. Any thread.
 */
final class VerifiedChains {

    /** Some 2 KiB each. When full, all are forgotten: simpler than knowing the oldest, and as rare as thousands of peers. */
    private static final int MOST = 4096;

    /** @param leafHash lower-case hex SHA-256 */
    record Proof(Accepted accepted, String leafHash, BigInteger serial) {}

    private final Trust trust;
    private final InstantSource clock;
    private final Map<Key, Proof> proofs = new ConcurrentHashMap<>();

    VerifiedChains(Trust trust, InstantSource clock) {
        this.trust = trust;
        this.clock = clock;
    }

    Trust trust() {
        return trust;
    }

    Verdict check(X509Certificate[] chain) {
        Key key = Key.of(chain);
        Proof known = proofs.get(key);
        if (known != null) {
            return known.accepted.at(clock.instant());
        }
        Verdict verdict = SvidVerifier.check(Arrays.asList(chain), trust, clock.instant());
        if (verdict instanceof Accepted accepted) {
            remember(key, new Proof(accepted, Sha256.hex(key.encodings[0]), chain[0].getSerialNumber()));
        }
        return verdict;
    }

    /** Of a chain that a handshake has accepted. */
    Proof proofOf(Certificate[] chain) {
        X509Certificate[] certificates = Stream.of(chain).map(X509Certificate.class::cast).toArray(X509Certificate[]::new);
        Key key = Key.of(certificates);
        Proof known = proofs.get(key);
        if (known != null) {
            return known;
        }
        // Forgotten between the check and now.
        if (check(certificates) instanceof Accepted accepted) {
            return new Proof(accepted, Sha256.hex(key.encodings[0]), certificates[0].getSerialNumber());
        }
        throw new IllegalStateException("a chain that a handshake accepted proves nothing");
    }

    private void remember(Key key, Proof proof) {
        if (proofs.size() >= MOST) {
            proofs.clear();
        }
        proofs.put(key, proof);
    }

    /** Every byte of every certificate: what is remembered is this chain and no other. */
    private static final class Key {

        private final byte[][] encodings;
        private final int hash;

        private Key(byte[][] encodings) {
            this.encodings = encodings;
            this.hash = Arrays.deepHashCode(encodings);
        }

        static Key of(X509Certificate[] chain) {
            byte[][] encodings = new byte[chain.length][];
            try {
                for (int i = 0; i < chain.length; i++) {
                    encodings[i] = chain[i].getEncoded();
                }
            } catch (CertificateEncodingException e) {
                throw new IllegalStateException("a certificate that was read has an encoding", e);
            }
            return new Key(encodings);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Key that && Arrays.deepEquals(encodings, that.encodings);
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }
}
