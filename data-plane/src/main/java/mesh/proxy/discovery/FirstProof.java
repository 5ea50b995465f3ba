package mesh.proxy.discovery;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import mesh.v1.SignCertificateRequest;

/**
 * What proves to a control plane who asks, as long as there is no certificate that does.
 *
 * @param file read for each request, since a platform replaces what is in it
 */
public record FirstProof(Kind kind, Path file) {

    /** Who made it. */
    public enum Kind {
        /** The control plane itself: good once. */
        JOIN_TOKEN,
        /** Kubernetes, for the control plane's audience: good until it expires. */
        SERVICE_ACCOUNT_TOKEN
    }

    /** @throws IOException naming the file that cannot be read, or has nothing in it */
    void addTo(SignCertificateRequest.Builder request) throws IOException {
        String token = Files.readString(file).strip();
        if (token.isEmpty()) {
            throw new IOException(file + ": empty (expected: a token)");
        }
        switch (kind) {
            case JOIN_TOKEN -> request.setJoinToken(token);
            case SERVICE_ACCOUNT_TOKEN -> request.setServiceAccountToken(token);
        }
    }
}
