package mesh.model;

import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Whom a sidecar can believe: who vouches for its own trust domain, and who for others. A certificate is only ever checked against the bundle
 * of the domain that it names.
 *
 * @param own       the sidecar's
 * @param federated of other trust domains, each once, by name; their identities get in only where they are named
 */
public record Trust(TrustBundle own, List<TrustBundle> federated) {

    public Trust {
        federated = federated.stream().sorted(Comparator.comparing(bundle -> bundle.trustDomain().name())).toList();
        Set<TrustDomain> seen = new HashSet<>(Set.of(own.trustDomain()));
        for (TrustBundle bundle : federated) {
            if (!seen.add(bundle.trustDomain())) {
                throw new IllegalArgumentException("trust domain \"" + bundle.trustDomain() + "\" twice (expected: one bundle for each)");
            }
        }
    }

    /** Nobody but one's own. */
    public static Trust of(TrustBundle own) {
        return new Trust(own, List.of());
    }

    /** One's own first. */
    public List<TrustBundle> all() {
        return Stream.concat(Stream.of(own), federated.stream()).toList();
    }

    /** Who vouches for a trust domain; empty where nobody does. */
    public Optional<TrustBundle> of(TrustDomain domain) {
        return own.trustDomain().equals(domain) ? Optional.of(own)
            : federated.stream().filter(bundle -> bundle.trustDomain().equals(domain)).findFirst();
    }

    /** Whether every authority that vouches for somebody there vouches for the same here. */
    public boolean includes(Trust other) {
        return Stream.concat(Stream.of(other.own), other.federated.stream()).allMatch(theirs ->
            of(theirs.trustDomain()).map(ours -> ours.authorities().containsAll(theirs.authorities())).orElse(false));
    }
}
