package mesh.control.stream;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import java.util.function.Function;
import mesh.model.MeshSnapshot;

/** One of the protocol's two ways to subscribe: what a {@link StreamSession} has to know of its messages. */
record Variant<Q, R>(Function<Q, Node> nodeOf, Function<R, String> typeUrlOf, Opener<Q, R> opener) {

    static final Variant<DeltaDiscoveryRequest, DeltaDiscoveryResponse> DELTA =
        new Variant<>(DeltaDiscoveryRequest::getNode, DeltaDiscoveryResponse::getTypeUrl, DeltaStream::new);

    static final Variant<DiscoveryRequest, DiscoveryResponse> SOTW =
        new Variant<>(DiscoveryRequest::getNode, DiscoveryResponse::getTypeUrl, SotwStream::new);

    @FunctionalInterface
    interface Opener<Q, R> {
        AdsStream<Q, R> open(MeshSnapshot view, ResourceCache cache, StreamLimits limits);
    }

    Node node(Q request) {
        return nodeOf.apply(request);
    }

    String typeUrl(R response) {
        return typeUrlOf.apply(response);
    }

    AdsStream<Q, R> open(MeshSnapshot view, ResourceCache cache, StreamLimits limits) {
        return opener.open(view, cache, limits);
    }
}
