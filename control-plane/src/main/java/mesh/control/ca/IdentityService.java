package mesh.control.ca;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.grpc.GrpcService;
import io.smallrye.common.annotation.Blocking;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import mesh.control.ca.IssueRefusedException.Reason;
import mesh.control.messages.Values;
import mesh.control.ports.Peer;
import mesh.control.stream.ConfigSource;
import mesh.model.MeshSnapshot;
import mesh.v1.IdentityServiceGrpc;
import mesh.v1.SignCertificateRequest;
import mesh.v1.SignCertificateResponse;
import mesh.v1.TrustBundle;
import mesh.v1.WatchTrustBundleRequest;

/** {@code mesh.v1.IdentityService}: a CSR in, a chain and the trust bundle out. On worker threads, because signing writes to the disk. */
@GrpcService
@Blocking
public final class IdentityService extends IdentityServiceGrpc.IdentityServiceImplBase {

    private final SvidIssuer issuer;
    private final ConfigSource source;
    private final Counter issued;
    private final Map<Reason, Counter> refused = new EnumMap<>(Reason.class);

    public IdentityService(SvidIssuer issuer, ConfigSource source, MeterRegistry meters) {
        this.issuer = issuer;
        this.source = source;
        this.issued = counter(meters, "issued");
        for (Reason reason : Reason.values()) {
            refused.put(reason, counter(meters, reason.name().toLowerCase(Locale.ROOT)));
        }
    }

    private static Counter counter(MeterRegistry meters, String result) {
        return Counter.builder("mesh_ca_signatures").description("certificate requests by how they ended").tag("result", result).register(meters);
    }

    @Override
    public void signCertificate(SignCertificateRequest request, StreamObserver<SignCertificateResponse> out) {
        SignCertificateResponse response;
        try {
            response = response(issuer.issue(
                request.getCsr().toByteArray(), request.getJoinToken(), Peer.current().id(), Values.duration(request.getTtl())));
        } catch (IssueRefusedException e) {
            refused.get(e.reason()).increment();
            out.onError(status(e));
            return;
        }
        issued.increment();
        out.onNext(response);
        out.onCompleted();
    }

    /** What a refusal is on the wire. */
    public static StatusRuntimeException status(IssueRefusedException e) {
        Status status = switch (e.reason()) {
            case UNPROVEN -> Status.UNAUTHENTICATED;
            case INVALID -> Status.INVALID_ARGUMENT;
            case FORBIDDEN -> Status.PERMISSION_DENIED;
            case TOO_MANY -> Status.RESOURCE_EXHAUSTED;
            case UNAVAILABLE -> Status.UNAVAILABLE;
        };
        return status.withDescription(e.getMessage()).asRuntimeException();
    }

    private SignCertificateResponse response(SvidIssuer.Issued certificate) {
        SignCertificateResponse.Builder m = SignCertificateResponse.newBuilder()
            .setTrustBundle(message(issuer.bundle()))
            .setNotAfter(Values.message(certificate.notAfter()));
        certificate.chain().forEach(each -> m.addCertificateChain(der(each)));
        return m.build();
    }

    @Override
    public void watchTrustBundle(WatchTrustBundleRequest request, StreamObserver<TrustBundle> out) {
        BundleWatch watch = new BundleWatch(out);
        ConfigSource.Registration registration = source.onChange(watch::offer);
        ((ServerCallStreamObserver<TrustBundle>) out).setOnCancelHandler(registration::close);
        watch.offer(source.current());
    }

    /** Sends a bundle when it differs from the one sent before; a stream takes one message at a time. */
    private static final class BundleWatch {

        private final StreamObserver<TrustBundle> out;
        private mesh.model.TrustBundle sent;

        BundleWatch(StreamObserver<TrustBundle> out) {
            this.out = out;
        }

        synchronized void offer(MeshSnapshot snapshot) {
            snapshot.trust().filter(bundle -> !bundle.equals(sent)).ifPresent(bundle -> {
                sent = bundle;
                out.onNext(message(bundle));
            });
        }
    }

    private static TrustBundle message(mesh.model.TrustBundle bundle) {
        TrustBundle.Builder m = TrustBundle.newBuilder().setTrustDomain(bundle.trustDomain().name());
        bundle.authorities().forEach(authority -> m.addCertificates(der(authority)));
        // Sorted, so that the same bundle is always the same bytes.
        bundle.bans().identities().stream().sorted().forEach(id -> m.addBannedIds(id.toString()));
        bundle.bans().serials().stream().sorted().forEach(serial -> m.addBannedSerials(serial.toString(16)));
        return m.build();
    }

    private static ByteString der(X509Certificate certificate) {
        try {
            return ByteString.copyFrom(certificate.getEncoded());
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException("a certificate that was read has an encoding", e);
        }
    }
}
