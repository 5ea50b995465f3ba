package mesh.proxy.discovery;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import mesh.model.BanList;
import mesh.model.SpiffeId;
import mesh.model.TrustBundle;
import mesh.model.TrustDomain;
import mesh.pki.DerCertificates;
import mesh.pki.KeyPairs;
import mesh.pki.SigningRequest;
import mesh.pki.Svid;
import mesh.pki.SvidVerifier;
import mesh.v1.IdentityServiceGrpc;
import mesh.v1.SignCertificateRequest;
import mesh.v1.SignCertificateResponse;

/** Asks a control plane for certificates. The key is made here and goes nowhere. Any thread; calls block. */
final class CertificateClient {

    private static final long PATIENCE_SECONDS = 10;

    /**
     * What was given.
     *
     * @param svid   with a new key
     * @param bundle whom to trust from now on
     */
    record Given(Svid svid, TrustBundle bundle) {}

    private final String workload;
    private final InstantSource clock;

    /** @param workload what a certificate must be for */
    CertificateClient(String workload, InstantSource clock) {
        this.workload = workload;
        this.clock = clock;
    }

    /** As below, where the channel itself proves who asks. */
    Given request(ManagedChannel channel) {
        return request(channel, SignCertificateRequest.newBuilder());
    }

    /**
     * A certificate for a new key.
     *
     * @param proof of who asks; the rest of it is added
     * @throws StatusRuntimeException   when the control plane refuses or is not there
     * @throws IllegalArgumentException when what it gives is no good
     */
    Given request(ManagedChannel channel, SignCertificateRequest.Builder proof) {
        KeyPair pair = KeyPairs.create();
        // Its own pauses grow to minutes; the caller's decide.
        channel.resetConnectBackoff();
        SignCertificateResponse response = IdentityServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)
            .signCertificate(proof.setCsr(ByteString.copyFrom(SigningRequest.create(pair))).build());
        TrustBundle bundle = bundle(response.getTrustBundle());
        List<X509Certificate> chain = certificates(response.getCertificateChainList());
        SpiffeId id = SvidVerifier.verify(chain, bundle, clock.instant());
        if (!id.workload().equals(workload)) {
            throw new IllegalArgumentException("the certificate given is for " + id + " (expected: workload \"" + workload
                + "\"; is the token one for it?)");
        }
        return new Given(new Svid(id, chain, pair.getPrivate()), bundle);
    }

    /** @throws IllegalArgumentException when it cannot be one */
    static TrustBundle bundle(mesh.v1.TrustBundle message) {
        return new TrustBundle(new TrustDomain(message.getTrustDomain()), certificates(message.getCertificatesList()), new BanList(
            message.getBannedIdsList().stream().map(SpiffeId::parse).collect(Collectors.toSet()),
            message.getBannedSerialsList().stream().map(hex -> new BigInteger(hex, 16)).collect(Collectors.toSet())));
    }

    private static List<X509Certificate> certificates(List<ByteString> ders) {
        return DerCertificates.read(ders.stream().map(ByteString::toByteArray).toList());
    }
}
