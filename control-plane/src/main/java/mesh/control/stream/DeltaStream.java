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
 * <p>The rule that keeps a sidecar consistent: a store version concerns a sidecar when its view differs from the one before. Then every
 * type that it has subscribed to is answered, if only with an empty response, and every answer carries the version as
 * {@code system_version_info}; answers to later subscriptions carry it too. An answer that is long comes in several responses, and only
 * the last of them carries the version. So a sidecar has the whole of a version when every type has reached it and every name that it
 * asked for was answered. A version that does not concern it is not sent at all.
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
        tell(responses, subscription, subscription.next(view(), cache(), asked), List::of);
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
        Supplier<List<Resource>> leaving) {
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
        responses.add(response.setSystemVersionInfo(Long.toString(sentVersion())).addAllRemovedResources(difference.removed()).build());
    }

    private DeltaDiscoveryResponse.Builder response(ResourceType type) {
        return DeltaDiscoveryResponse.newBuilder().setTypeUrl(type.typeUrl()).setNonce(nonce(type)).setControlPlane(IDENTITY);
    }
}
