package mesh.control.stream;

import com.google.rpc.Code;
import com.google.rpc.Status;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import mesh.model.MeshSnapshot;
import mesh.xds.ResourceType;

/**
 * A subscription to the state of the world, as gRPC clients have it. A request names all that the client wants. A response of listeners or
 * clusters holds all that there is of it, and what is missing there is gone. Of the other types only what changed is sent; who no longer
 * has the listener or cluster that named one has no use for it.
 */
final class SotwStream extends AdsStream<DiscoveryRequest, DiscoveryResponse> {

    /** Types for which a name was given once: from then on an empty list means nothing instead of everything. */
    private final Set<ResourceType> named = EnumSet.noneOf(ResourceType.class);

    SotwStream(MeshSnapshot view, ResourceCache cache, StreamLimits limits) {
        super(view, cache, limits);
    }

    @Override
    List<DiscoveryResponse> onRequest(DiscoveryRequest request) {
        ResourceType type = ResourceType.ofUrl(request.getTypeUrl()).orElse(null);
        if (type == null) {
            return List.of();
        }
        limits().check(request);
        Optional<Subscription> known = subscription(type);
        Subscription subscription = known.orElseGet(() -> subscribe(type));
        answer(request).ifPresent(answer -> {
            // Some clients answer only the last of what came while they were busy.
            passOver(type, request.getResponseNonce());
            answered(request.getResponseNonce(), answer);
        });
        // Also with an old nonce or none: that answers no response, but requests come in order, so no later one has older names. And
        // grpc-java forgets the nonce of a type that it unsubscribes from, and begins again without one.
        Set<String> names = new LinkedHashSet<>(request.getResourceNamesList());
        boolean all = type.wildcard() && (names.remove("*") || names.isEmpty() && !named.contains(type));
        if (request.getResourceNamesCount() > 0) {
            named.add(type);
        }
        Set<String> asked = subscription.replace(names, all, view(), cache());
        limits().checkSize(type, subscription.size());
        if (known.isPresent() && asked.isEmpty()) {
            return List.of();
        }
        List<DiscoveryResponse> responses = new ArrayList<>();
        Subscription.Difference difference = subscription.next(view(), cache(), asked);
        if (type.wildcard()) {
            // Also when there is nothing: only so does the client learn that what it asked for is not there.
            whole(responses, subscription, List.of());
        } else {
            parts(responses, type, difference.changed());
        }
        return bounded(responses);
    }

    @Override
    Optional<Answer> answer(DiscoveryRequest request) {
        return answer(request.getTypeUrl(), request.getResponseNonce(), request.hasErrorDetail(), request.getErrorDetail());
    }

    @Override
    void tell(List<DiscoveryResponse> responses, Subscription subscription, Subscription.Difference difference,
        Supplier<List<Resource>> leaving, boolean completes) {
        if (!subscription.type().wildcard()) {
            parts(responses, subscription.type(), difference.changed());
        } else if (!difference.isEmpty()) {
            whole(responses, subscription, leaving.get());
        }
    }

    private void whole(List<DiscoveryResponse> responses, Subscription subscription, List<Resource> leaving) {
        DiscoveryResponse.Builder response = response(subscription.type());
        subscription.current(view(), cache()).forEach(resource -> response.addResources(resource.getResource()));
        leaving.forEach(resource -> response.addResources(resource.getResource()));
        subscription.unknown(view(), cache()).forEach(name -> response.addResourceErrorsBuilder()
            .setErrorDetail(Status.newBuilder().setCode(Code.NOT_FOUND_VALUE).setMessage("no " + subscription.type().shortName() + " resource of this name"))
            .getResourceNameBuilder().setName(name));
        responses.add(response.build());
    }

    private void parts(List<DiscoveryResponse> responses, ResourceType type, List<Resource> changed) {
        DiscoveryResponse.Builder response = null;
        int bytes = 0;
        for (Resource resource : changed) {
            int size = resource.getSerializedSize();
            if (response != null && bytes + size > limits().response()) {
                responses.add(response.build());
                response = null;
            }
            if (response == null) {
                response = response(type);
                bytes = 0;
            }
            bytes += size;
            response.addResources(resource.getResource());
        }
        if (response != null) {
            responses.add(response.build());
        }
    }

    private DiscoveryResponse.Builder response(ResourceType type) {
        return DiscoveryResponse.newBuilder()
            .setTypeUrl(type.typeUrl()).setVersionInfo(Long.toString(sentVersion())).setNonce(nonce(type)).setControlPlane(IDENTITY);
    }
}
