package mesh.proxy.discovery;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import mesh.model.TrustBundle;
import mesh.v1.IdentityServiceGrpc;
import mesh.v1.WatchTrustBundleRequest;

/** One stream of trust bundles, to its end. Its callbacks come on gRPC's threads; the rest is called on one thread. */
final class BundleWatch implements ClientResponseObserver<WatchTrustBundleRequest, mesh.v1.TrustBundle> {

    private final String node;
    private final BiConsumer<TrustBundle, Runnable> sink;
    private final CompletableFuture<Void> end;
    private volatile ClientCallStreamObserver<WatchTrustBundleRequest> call;
    private volatile boolean answered;
    private volatile boolean left;

    /**
     * One that has not begun.
     *
     * @param node as the sidecar calls itself
     * @param sink told of each bundle, on gRPC's threads, with what acknowledges it
     * @param end  completes with the stream: normally if the control plane ever answered
     */
    BundleWatch(String node, BiConsumer<TrustBundle, Runnable> sink, CompletableFuture<Void> end) {
        this.node = node;
        this.sink = sink;
        this.end = end;
    }

    void begin(ManagedChannel channel) {
        IdentityServiceGrpc.newStub(channel).watchTrustBundle(this);
        say(0);
    }

    private void say(long acknowledged) {
        // A stream that was left or broke takes nothing more, and the next one says it again.
        if (!left && !end.isDone()) {
            call.onNext(WatchTrustBundleRequest.newBuilder().setNode(node).setAcknowledged(acknowledged).build());
        }
    }

    void cancel() {
        left = true;
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
            left = true;
            call.cancel("trust bundle: " + e.getMessage(), e);
            return;
        }
        answered = true;
        sink.accept(bundle, () -> say(message.getNumber()));
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
