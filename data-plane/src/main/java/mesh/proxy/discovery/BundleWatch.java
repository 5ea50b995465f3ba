package mesh.proxy.discovery;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import mesh.model.TrustBundle;
import mesh.v1.IdentityServiceGrpc;
import mesh.v1.WatchTrustBundleRequest;

/** One stream of trust bundles, to its end. Its callbacks come on gRPC's threads. */
final class BundleWatch implements ClientResponseObserver<WatchTrustBundleRequest, mesh.v1.TrustBundle> {

    private final Consumer<TrustBundle> sink;
    private final CompletableFuture<Void> end;
    private volatile ClientCallStreamObserver<WatchTrustBundleRequest> call;
    private volatile boolean answered;

    /**
     * One that has not begun.
     *
     * @param sink told of each bundle, on gRPC's threads
     * @param end  completes with the stream: normally if the control plane ever answered
     */
    BundleWatch(Consumer<TrustBundle> sink, CompletableFuture<Void> end) {
        this.sink = sink;
        this.end = end;
    }

    void begin(ManagedChannel channel) {
        IdentityServiceGrpc.newStub(channel).watchTrustBundle(WatchTrustBundleRequest.getDefaultInstance(), this);
    }

    void cancel() {
        ClientCallStreamObserver<WatchTrustBundleRequest> current = call;
        if (current != null) {
            current.cancel("the sidecar leaves", null);
        }
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<WatchTrustBundleRequest> request) {
        call = request;
    }

    @Override
    public void onNext(mesh.v1.TrustBundle message) {
        TrustBundle bundle;
        try {
            bundle = CertificateClient.bundle(message);
        } catch (IllegalArgumentException e) {
            call.cancel("trust bundle: " + e.getMessage(), e);
            return;
        }
        answered = true;
        sink.accept(bundle);
    }

    @Override
    public void onError(Throwable cause) {
        if (answered) {
            end.complete(null);
        } else {
            end.completeExceptionally(cause);
        }
    }

    @Override
    public void onCompleted() {
        onError(Status.UNAVAILABLE.withDescription("the control plane ended the stream").asException());
    }
}
