package mesh.model;

import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import mesh.digest.Sha256;

/**
 * Whom to believe: the CA certificates that vouch for a trust domain, and who is refused all the same.
 *
 * @param trustDomain  the domain they vouch for, and no other
 * @param authorities  roots, at least one; more while a root is rotated, the one first that signs what is issued now
 * @param bans         refused although an authority vouches for them
 */
public record TrustBundle(TrustDomain trustDomain, List<X509Certificate> authorities, BanList bans) {

    private static final int VERSION_DIGITS = 12;

    public TrustBundle {
        authorities = List.copyOf(authorities);
        if (authorities.isEmpty()) {
            throw new IllegalArgumentException("trust bundle of " + trustDomain + ": no certificates (expected: at least one)");
        }
    }

    /** Without bans. */
    public TrustBundle(TrustDomain trustDomain, List<X509Certificate> authorities) {
        this(trustDomain, authorities, BanList.NONE);
    }

    /** The same authorities with other bans. */
    public TrustBundle with(BanList other) {
        return new TrustBundle(trustDomain, authorities, other);
    }

    /** The same for the same certificates and bans, wherever it is asked: the first digits of a SHA-256 over both. */
    public String version() {
        String banned = Stream.concat(bans.identities().stream(), bans.serials().stream()).map(Object::toString).sorted().collect(Collectors.joining(" "));
        Stream<byte[]> parts = Stream.concat(authorities.stream().map(TrustBundle::der), Stream.of(banned.getBytes(StandardCharsets.US_ASCII)));
        return Sha256.hex(parts.toArray(byte[][]::new)).substring(0, VERSION_DIGITS);
    }

    private static byte[] der(X509Certificate authority) {
        try {
            return authority.getEncoded();
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException("a certificate that was read has an encoding", e);
        }
    }
}
