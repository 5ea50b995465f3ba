package mesh.proxy.discovery;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.time.InstantSource;
import java.util.Optional;
import mesh.v1.SignCertificateRequest;

/** How a first certificate is had: for a token, from a control plane that is known by its CA's pin. One thread. */
final class Enrolment {

    private final IdentitySource.Origin origin;
    private final CertificateClient client;
    private final InstantSource clock;

    Enrolment(IdentitySource.Origin origin, CertificateClient client, InstantSource clock) {
        this.origin = origin;
        this.client = client;
        this.clock = clock;
    }

    /** What was not given and is needed; empty when it can be tried. */
    Optional<String> missing() {
        if (origin.proof().isEmpty()) {
            return Optional.of("(expected: --join-token-file or --service-account-token-file, for a new one)");
        }
        return origin.pin().isEmpty() ? Optional.of("(expected: --ca-pin, to know the control plane by)") : Optional.empty();
    }

    /**
     * Tries once.
     *
     * @throws IOException            when the token cannot be read, or none was given
     * @throws StatusRuntimeException when the control plane refuses or is not there
     */
    CertificateClient.Given enrol() throws IOException {
        Optional<String> missing = missing();
        if (missing.isPresent()) {
            throw new IOException("no good identity " + missing.get());
        }
        SignCertificateRequest.Builder request = SignCertificateRequest.newBuilder();
        origin.proof().get().addTo(request);
        ManagedChannel channel = ControlPlaneChannels.pinned(origin.controlPlanes(), origin.pin().get(), clock);
        try {
            return client.request(channel, request);
        } finally {
            channel.shutdownNow();
        }
    }

    /** Whether waiting may help: against a control plane that is not there yet it does, against a refusal it does not. */
    static boolean mayPass(StatusRuntimeException e) {
        return switch (e.getStatus().getCode()) {
            case UNAUTHENTICATED, PERMISSION_DENIED, INVALID_ARGUMENT, UNIMPLEMENTED -> false;
            case UNAVAILABLE -> !isOfSomebodyElse(e);
            default -> true;
        };
    }

    /** A server that is not the mesh's, or not of the CA that is pinned. */
    private static boolean isOfSomebodyElse(Throwable e) {
        for (Throwable each = e; each != null; each = each.getCause()) {
            if (each instanceof CertificateException) {
                return true;
            }
        }
        return false;
    }
}
