package mesh.proxy.workload;

import com.google.protobuf.ByteString;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Function;
import mesh.model.TrustBundle;
import mesh.proxy.workload.IdentityFeed.Identity;
import mesh.spiffe.SpiffeWorkloadAPIGrpc.SpiffeWorkloadAPIImplBase;
import mesh.spiffe.X509BundlesRequest;
import mesh.spiffe.X509BundlesResponse;
import mesh.spiffe.X509SVID;
import mesh.spiffe.X509SVIDRequest;
import mesh.spiffe.X509SVIDResponse;

/** The SPIFFE Workload API: the workload's identity, key included, and whom to trust, for as long as it listens. Any thread. */
final class WorkloadApi extends SpiffeWorkloadAPIImplBase {

    private static final Metadata.Key<String> REQUIRED = Metadata.Key.of("workload.spiffe.io", Metadata.ASCII_STRING_MARSHALLER);

    private final IdentityFeed feed;

    WorkloadApi(IdentityFeed feed) {
        this.feed = feed;
    }

    @Override
    public void fetchX509SVID(X509SVIDRequest request, StreamObserver<X509SVIDResponse> observer) {
        follow(observer, WorkloadApi::svid);
    }

    @Override
    public void fetchX509Bundles(X509BundlesRequest request, StreamObserver<X509BundlesResponse> observer) {
        follow(observer, WorkloadApi::bundles);
    }

    private <T> void follow(StreamObserver<T> observer, Function<Identity, T> form) {
        if (feed.current().isEmpty()) {
            observer.onError(Status.PERMISSION_DENIED.withDescription("no identity issued yet: the sidecar has no certificate").asRuntimeException());
            return;
        }
        Stream<T> stream = new Stream<>((ServerCallStreamObserver<T>) observer, form);
        if (!feed.tryJoin(stream)) {
            observer.onError(Status.RESOURCE_EXHAUSTED.withDescription(IdentityFeed.MOST_STREAMS + " streams already").asRuntimeException());
            return;
        }
        stream.to.setOnReadyHandler(stream);
        stream.to.setOnCancelHandler(() -> feed.leave(stream));
        stream.run();
    }

    /** Sends what is current, and waits for nobody: what a client was too slow to read is passed over. */
    private final class Stream<T> implements Runnable {

        private final ServerCallStreamObserver<T> to;
        private final Function<Identity, T> form;
        private T sent;

        Stream(ServerCallStreamObserver<T> to, Function<Identity, T> form) {
            this.to = to;
            this.form = form;
        }

        @Override
        public synchronized void run() {
            if (!to.isReady()) {
                return;
            }
            T next = form.apply(feed.current().orElseThrow());
            if (!next.equals(sent)) {
                sent = next;
                to.onNext(next);
            }
        }
    }

    private static X509SVIDResponse svid(Identity identity) {
        X509SVIDResponse.Builder response = X509SVIDResponse.newBuilder()
            .addSvids(X509SVID.newBuilder()
                .setSpiffeId(identity.svid().id().toString())
                .setX509Svid(der(identity.svid().chain()))
                .setX509SvidKey(ByteString.copyFrom(identity.svid().key().getEncoded()))
                .setBundle(der(identity.trust().own().authorities())));
        for (TrustBundle bundle : identity.trust().federated()) {
            response.putFederatedBundles(bundle.trustDomain().uri(), der(bundle.authorities()));
        }
        return response.build();
    }

    private static X509BundlesResponse bundles(Identity identity) {
        X509BundlesResponse.Builder response = X509BundlesResponse.newBuilder()
            .putBundles(identity.trust().own().trustDomain().uri(), der(identity.trust().own().authorities()));
        for (TrustBundle bundle : identity.trust().federated()) {
            response.putBundles(bundle.trustDomain().uri(), der(bundle.authorities()));
        }
        return response.build();
    }

    private static ByteString der(List<X509Certificate> certificates) {
        ByteString all = ByteString.EMPTY;
        for (X509Certificate certificate : certificates) {
            try {
                all = all.concat(ByteString.copyFrom(certificate.getEncoded()));
            } catch (CertificateEncodingException e) {
                throw new IllegalStateException("a certificate that was read has an encoding", e);
            }
        }
        return all;
    }

    /** Proves that a client means it: no page in a browser, nor a proxy that fetches what it is told to, sends it (SPIFFE Workload Endpoint). */
    static <Q, R> ServerCall.Listener<Q> requireMetadata(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        if ("true".equals(headers.get(REQUIRED))) {
            return next.startCall(call, headers);
        }
        call.close(Status.INVALID_ARGUMENT.withDescription("security header missing from request (expected: workload.spiffe.io: true)"), new Metadata());
        return new ServerCall.Listener<>() {};
    }
}
