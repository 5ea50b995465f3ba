package mesh.control.ca;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.grpc.GrpcService;
import io.smallrye.common.annotation.Blocking;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
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
    private final BundleWatches watches;
    private final Counter issued;
    private final Map<Reason, Counter> refused = new EnumMap<>(Reason.class);

    public IdentityService(SvidIssuer issuer, ConfigSource source, BundleWatches watches, MeterRegistry meters) {
        this.issuer = issuer;
        this.source = source;
        this.watches = watches;
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
            response = response(issued(request));
        } catch (IssueRefusedException e) {
            refused.get(e.reason()).increment();
            out.onError(status(e));
            return;
        }
        issued.increment();
        out.onNext(response);
        out.onCompleted();
    }

    private SvidIssuer.Issued issued(SignCertificateRequest request) {
        byte[] csr = request.getCsr().toByteArray();
        Duration asked = Values.duration(request.getTtl());
        return request.getServiceAccountToken().isEmpty() ? issuer.issue(csr, request.getJoinToken(), Peer.current(), asked)
            : issuer.issueToServiceAccount(csr, request.getServiceAccountToken(), asked);
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
            .setTrustBundle(BundleMessages.encode(certificate.trust()))
            .setNotAfter(Values.message(certificate.notAfter()));
        certificate.chain().forEach(each -> m.addCertificateChain(BundleMessages.der(each)));
        return m.build();
    }

    @Override
    public StreamObserver<WatchTrustBundleRequest> watchTrustBundle(StreamObserver<TrustBundle> out) {
        BundleWatches.Watch watch = watches.begin(Peer.current().id(), out);
        Consumer<MeshSnapshot> offer = snapshot -> snapshot.trust().ifPresent(bundle -> watch.offer(snapshot.version(), bundle));
        ConfigSource.Registration registration = source.onChange(offer);
        ((ServerCallStreamObserver<TrustBundle>) out).setOnCancelHandler(() -> {
            registration.close();
            watch.ended();
        });
        offer.accept(source.current());
        return new StreamObserver<>() {
            @Override
            public void onNext(WatchTrustBundleRequest request) {
                watch.told(request.getNode(), request.getAcknowledged());
            }

            @Override
            public void onError(Throwable broken) {
                // The handler above has been called.
            }

            @Override
            public void onCompleted() {
                // It has nothing more to say, and is told on.
            }
        };
    }
}
