package mesh.proxy.discovery;

import com.google.protobuf.util.Durations;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import mesh.model.Address;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.v1.DrainRequest;
import mesh.v1.DrainResponse;
import mesh.v1.LifecycleServiceGrpc;
import org.jboss.logging.Logger;

/** Tells the control plane that this sidecar leaves, so that nobody begins anything new here. */
public final class Departure {

    private static final Logger LOG = Logger.getLogger(Departure.class);
    /** For a call that is not waited for. */
    private static final Duration LEAST = Duration.ofSeconds(2);

    private Departure() {}

    /**
     * Makes the call.
     *
     * @param instance  of this process, as its subscription says it
     * @param addresses where others reach it
     * @param wait      for acknowledgements, at most
     * @return done when they know, when the time is over, or when the control plane could not be told; never fails
     */
    public static CompletionStage<Void> tell(ManagedChannel channel, String node, String instance, Collection<Address> addresses, Duration wait) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        // A part of the time is the answer's: who has not acknowledged is worth knowing.
        Duration there = wait.multipliedBy(3).dividedBy(4);
        DrainRequest request = DrainRequest.newBuilder().setNode(node).setInstance(instance).setWait(Durations.fromMillis(there.toMillis()))
            .addAllAddresses(addresses.stream().map(Address::toString).sorted().toList()).build();
        channel.resetConnectBackoff();
        LifecycleServiceGrpc.newStub(channel).withDeadlineAfter(Math.max(wait.toMillis(), LEAST.toMillis()), TimeUnit.MILLISECONDS)
            .drain(request, new StreamObserver<>() {
                @Override
                public void onNext(DrainResponse answer) {
                    if (answer.getWaitingForCount() == 0) {
                        LOG.infof("draining: %d endpoints, known to everyone who is connected", answer.getEndpoints());
                    } else {
                        LOG.warnf("draining: %d endpoints, not acknowledged by %s", answer.getEndpoints(), answer.getWaitingForList());
                    }
                }

                @Override
                public void onError(Throwable failure) {
                    LOG.warnf("draining: the control plane could not be told: %s", CallFailure.words(failure));
                    done.complete(null);
                }

                @Override
                public void onCompleted() {
                    done.complete(null);
                }
            });
        return wait.isZero() ? CompletableFuture.completedFuture(null) : done;
    }

    /**
     * Where others in the mesh reach this sidecar: its listeners that ask who is calling.
     *
     * @param bound by name, of listeners that have a socket
     * @param own   IP addresses of this machine, for listeners on all of them
     */
    public static List<Address> reachable(MeshSnapshot snapshot, Map<String, Address> bound, Collection<String> own) {
        List<Address> addresses = new ArrayList<>();
        for (Listener listener : snapshot.listeners().values()) {
            if (listener.tls().isEmpty()) continue;
            int port = bound.getOrDefault(listener.name(), listener.bind()).port();
            String host = listener.bind().host();
            if (host.isEmpty() || host.equals("0.0.0.0") || host.equals("::")) own.forEach(each -> addresses.add(new Address(each, port)));
            else addresses.add(new Address(host, port));
        }
        return addresses;
    }
}
