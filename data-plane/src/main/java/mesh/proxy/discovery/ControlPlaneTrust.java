package mesh.proxy.discovery;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import mesh.model.SpiffeId;
import mesh.model.TrustBundle;
import mesh.model.TrustDomain;
import mesh.pki.CaPin;
import mesh.pki.SvidVerifier;
import mesh.pki.Verdict;
import mesh.pki.Verdict.Refused;

/**
 * Whom a sidecar takes for its control plane: who proves to be {@code /control-plane} of the trust domain. At first contact the authority
 * is found by its pin in the chain that is shown, later in the bundle. Host names mean nothing here. Any thread.
 */
final class ControlPlaneTrust extends X509ExtendedTrustManager {

    private static final String CONTROL_PLANE = "/control-plane";

    /** Who may vouch, given the chain that is shown. */
    @FunctionalInterface
    private interface Anchors {
        /** @throws IllegalArgumentException when nobody in sight may */
        TrustBundle of(List<X509Certificate> chain);
    }

    private final Anchors anchors;
    private final InstantSource clock;

    private ControlPlaneTrust(Anchors anchors, InstantSource clock) {
        this.anchors = anchors;
        this.clock = clock;
    }

    static ControlPlaneTrust of(TrustBundle bundle, InstantSource clock) {
        return new ControlPlaneTrust(chain -> bundle, clock);
    }

    static ControlPlaneTrust of(CaPin pin, InstantSource clock) {
        return new ControlPlaneTrust(chain -> pinned(chain, pin), clock);
    }

    private static TrustBundle pinned(List<X509Certificate> chain, CaPin pin) {
        Optional<X509Certificate> root = chain.stream().filter(each -> CaPin.of(each).equals(pin)).findFirst();
        if (root.isEmpty()) {
            throw new IllegalArgumentException("no certificate with the pin " + pin + " among the " + chain.size()
                + " that the control plane shows (expected: its CA's; token create prints the pin)");
        }
        return new TrustBundle(SvidVerifier.trustDomainOf(root.get()), List.of(root.get()));
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        try {
            List<X509Certificate> shown = List.of(chain);
            TrustBundle bundle = anchors.of(shown);
            TrustDomain domain = bundle.trustDomain();
            Verdict verdict = SvidVerifier.check(shown, bundle, clock.instant()).among(Set.of(controlPlane(domain)), domain);
            if (verdict instanceof Refused refused) {
                throw new CertificateException(refused.detail());
            }
        } catch (IllegalArgumentException e) {
            throw new CertificateException(e.getMessage(), e);
        }
    }

    private static SpiffeId controlPlane(TrustDomain trustDomain) {
        return new SpiffeId(trustDomain, CONTROL_PLANE);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) throws CertificateException {
        checkServerTrusted(chain, authType);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) throws CertificateException {
        checkServerTrusted(chain, authType);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("a sidecar is a client here and trusts none");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) throws CertificateException {
        checkClientTrusted(chain, authType);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) throws CertificateException {
        checkClientTrusted(chain, authType);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
    }
}
