package mesh.control.stream;

import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import mesh.model.MeshSnapshot;
import mesh.xds.ResourceType;

/**
 * A subscription by differences, as our sidecars and most Envoys have it.
 *
 * <p>The rule that keeps a sidecar consistent: of the responses that tell a new version only the one that completes it carries its number,
 * as {@code system_version_info}. So do the answers to later subscriptions; of one that is long and comes in several responses, the last.
 * So a sidecar has the whole of a version when the last response carries a number and every name that it asked for was answered. Only
 * types that changed are told, and a version that does not concern a sidecar is not sent at all.
 */
final class DeltaStream extends AdsStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse> {

    DeltaStream(MeshSnapshot view, ResourceCache cache, StreamLimits limits) {
        super(view, cache, limits);
    }

    @Override
    List<DeltaDiscoveryResponse> onRequest(DeltaDiscoveryRequest request) {
        ResourceType type = ResourceType.ofUrl(request.getTypeUrl()).orElse(null);
        if (type == null) {
            return List.of();
        }
        limits().check(request);
        Optional<Subscription> known = subscription(type);
        Subscription subscription = known.orElseGet(() -> open(type, request));
        answer(request).ifPresent(answer -> answered(request.getResponseNonce(), answer));
        Set<String> asked = new HashSet<>();
        boolean all = false;
        for (String name : request.getResourceNamesSubscribeList()) {
            if (name.equals("*")) {
                all = type.wildcard();
                subscription.wildcard(all);
            } else {
                subscription.add(name);
                asked.add(name);
            }
        }
        for (String name : request.getResourceNamesUnsubscribeList()) {
            if (name.equals("*")) {
                subscription.wildcard(false);
            } else {
                subscription.remove(name);
                asked.remove(name);
            }
        }
        limits().checkSize(type, subscription.size());
        if (known.isEmpty()) {
            // On a new stream a client tells what it still has; only what differs is sent again.
            asked.removeAll(request.getInitialResourceVersionsMap().keySet());
        } else if (asked.isEmpty() && !all) {
            return List.of();
        }
        List<DeltaDiscoveryResponse> responses = new ArrayList<>();
        tell(responses, subscription, subscription.next(view(), cache(), asked), List::of, true);
        return bounded(responses);
    }

    private Subscription open(ResourceType type, DeltaDiscoveryRequest request) {
        Subscription subscription = subscribe(type);
        subscription.holds(request.getInitialResourceVersionsMap());
        subscription.wildcard(type.wildcard() && request.getResourceNamesSubscribeCount() == 0);
        return subscription;
    }

    @Override
    Optional<Answer> answer(DeltaDiscoveryRequest request) {
        return answer(request.getTypeUrl(), request.getResponseNonce(), request.hasErrorDetail(), request.getErrorDetail());
    }

    @Override
    void tell(List<DeltaDiscoveryResponse> responses, Subscription subscription, Subscription.Difference difference,
        Supplier<List<Resource>> leaving, boolean completes) {
        ResourceType type = subscription.type();
        DeltaDiscoveryResponse.Builder response = response(type);
        int bytes = 0;
        for (Resource resource : difference.changed()) {
            int size = resource.getSerializedSize();
            if (bytes > 0 && bytes + size > limits().response()) {
                responses.add(response.build());
                response = response(type);
                bytes = 0;
            }
            bytes += size;
            response.addResources(resource);
        }
        if (completes) {
            response.setSystemVersionInfo(Long.toString(sentVersion()));
        }
        responses.add(response.addAllRemovedResources(difference.removed()).build());
    }

    private DeltaDiscoveryResponse.Builder response(ResourceType type) {
        return DeltaDiscoveryResponse.newBuilder().setTypeUrl(type.typeUrl()).setNonce(nonce(type)).setControlPlane(IDENTITY);
    }
}
