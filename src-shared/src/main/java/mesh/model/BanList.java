package mesh.model;

import java.math.BigInteger;
import java.util.Set;

/**
 * Who is refused whatever vouches for them: a workload that was broken into, a certificate whose key was stolen.
 *
 * @param identities every certificate of theirs, those to come as well
 * @param serials    one certificate each, by the serial number of the leaf
 */
public record BanList(Set<SpiffeId> identities, Set<BigInteger> serials) {

    public static final BanList NONE = new BanList(Set.of(), Set.of());

    public BanList {
        identities = Set.copyOf(identities);
        serials = Set.copyOf(serials);
    }

    /** Whether the holder of this leaf is to be refused. */
    public boolean bans(SpiffeId id, BigInteger serial) {
        return identities.contains(id) || serials.contains(serial);
    }

    public boolean isEmpty() {
        return identities.isEmpty() && serials.isEmpty();
    }
}
