package mesh.pki;

import java.time.Duration;
import java.time.InstantSource;
import mesh.model.SpiffeId;
import mesh.model.TrustBundle;
import mesh.model.TrustDomain;

/** A trust domain for tests, with an authority of its own that is kept nowhere. */
public final class TestPki {

    private final TrustDomain trustDomain;
    private final CertificateAuthority authority;

    private TestPki(TrustDomain trustDomain, InstantSource clock) {
        this.trustDomain = trustDomain;
        this.authority = CertificateAuthority.create(trustDomain, clock);
    }

    /** {@code mesh.local}; another call makes another authority of the same name. */
    public static TestPki create(InstantSource clock) {
        return create("mesh.local", clock);
    }

    public static TestPki create(String trustDomain, InstantSource clock) {
        return new TestPki(new TrustDomain(trustDomain), clock);
    }

    public CertificateAuthority authority() {
        return authority;
    }

    public TrustBundle bundle() {
        return authority.bundle();
    }

    /** Of this trust domain. */
    public SpiffeId id(String workload) {
        return new SpiffeId(trustDomain, "/" + workload);
    }

    /** Good for a day. */
    public Svid svid(String workload) {
        return svid(workload, Duration.ofDays(1));
    }

    public Svid svid(String workload, Duration life) {
        return authority.issue(id(workload), life);
    }
}
