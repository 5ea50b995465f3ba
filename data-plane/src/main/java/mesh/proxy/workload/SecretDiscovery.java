package mesh.proxy.workload;

import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc.SecretDiscoveryServiceImplBase;
import io.grpc.stub.StreamObserver;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import mesh.proxy.workload.Secrets.Versioned;

/**
 * Envoy's SDS: an Envoy beside the sidecar has its certificate and its trust bundle by it, and each next one, in both variants of the protocol. Any
 * thread.
 */
final class SecretDiscovery extends SecretDiscoveryServiceImplBase {

    private final IdentityFeed feed;

    SecretDiscovery(IdentityFeed feed) {
        this.feed = feed;
    }

    @Override
    public StreamObserver<DiscoveryRequest> streamSecrets(StreamObserver<DiscoveryResponse> observer) {
        return opened(new StateOfTheWorld(feed, observer));
    }

    @Override
    public StreamObserver<DeltaDiscoveryRequest> deltaSecrets(StreamObserver<DeltaDiscoveryResponse> observer) {
        return opened(new Delta(feed, observer));
    }

    private static <Q> StreamObserver<Q> opened(SecretStream<Q, ?> stream) {
        stream.open();
        return stream;
    }

    /** A response has all that the stream has named. */
    private static final class StateOfTheWorld extends SecretStream<DiscoveryRequest, DiscoveryResponse> {

        private String version = "";

        StateOfTheWorld(IdentityFeed feed, StreamObserver<DiscoveryResponse> to) {
            super(feed, to);
        }

        @Override
        Said said(DiscoveryRequest request) {
            return new Said(request.getNode().getId(), request.getTypeUrl(), request.getResponseNonce(),
                refusal(request.hasErrorDetail(), request.getErrorDetail()));
        }

        @Override
        void subscribe(DiscoveryRequest request, Set<String> subscribed) {
            subscribed.clear();
            subscribed.addAll(request.getResourceNamesList());
        }

        @Override
        Optional<DiscoveryResponse> response(List<Versioned> current, String nonce) {
            String next = current.stream().map(each -> each.name() + "@" + each.version()).sorted().collect(Collectors.joining(","));
            if (next.equals(version)) {
                return Optional.empty();
            }
            version = next;
            DiscoveryResponse.Builder response =
                DiscoveryResponse.newBuilder().setTypeUrl(Secrets.TYPE_URL).setVersionInfo(next).setNonce(nonce);
            current.forEach(each -> response.addResources(each.body()));
            return Optional.of(response.build());
        }
    }

    /** A response has what differs from what the client is known to have. */
    private static final class Delta extends SecretStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse> {

        /** Versions by name. */
        private final Map<String, String> known = new HashMap<>();

        Delta(IdentityFeed feed, StreamObserver<DeltaDiscoveryResponse> to) {
            super(feed, to);
        }

        @Override
        Said said(DeltaDiscoveryRequest request) {
            return new Said(request.getNode().getId(), request.getTypeUrl(), request.getResponseNonce(),
                refusal(request.hasErrorDetail(), request.getErrorDetail()));
        }

        @Override
        void subscribe(DeltaDiscoveryRequest request, Set<String> subscribed) {
            subscribed.addAll(request.getResourceNamesSubscribeList());
            // Who subscribes to what they have wants it again, unless they say in which version they have it.
            known.keySet().removeAll(new HashSet<>(request.getResourceNamesSubscribeList()));
            known.putAll(request.getInitialResourceVersionsMap());
            request.getResourceNamesUnsubscribeList().forEach(subscribed::remove);
            known.keySet().retainAll(subscribed);
        }

        @Override
        Optional<DeltaDiscoveryResponse> response(List<Versioned> current, String nonce) {
            DeltaDiscoveryResponse.Builder response = DeltaDiscoveryResponse.newBuilder().setTypeUrl(Secrets.TYPE_URL).setNonce(nonce);
            for (Versioned each : current) {
                if (!each.version().equals(known.put(each.name(), each.version()))) {
                    response.addResources(Resource.newBuilder().setName(each.name()).setVersion(each.version()).setResource(each.body()));
                }
            }
            return response.getResourcesCount() == 0 ? Optional.empty() : Optional.of(response.build());
        }
    }
}
