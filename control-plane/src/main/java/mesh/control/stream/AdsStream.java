package mesh.control.stream;

import io.envoyproxy.envoy.config.core.v3.ControlPlane;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import mesh.model.MeshSnapshot;
import mesh.xds.ResourceType;

/**
 * One sidecar's subscription by delta xDS: a request or a new view in, responses out. No gRPC, no threads, no clock; called by one thread
 * at a time.
 *
 * <p>The rule that keeps a sidecar consistent: a store version concerns a sidecar when its view differs from the one before. Then every
 * type that it has subscribed to is answered, if only with an empty response, and every answer carries the version as
 * {@code system_version_info}; answers to later subscriptions carry it too. An answer that is long comes in several responses, and only
 * the last of them carries the version. So a sidecar has the whole of a version when every type has reached it and every name that it
 * asked for was answered. A version that does not concern it is not sent at all.
 *
 * <p>A push goes in the order of {@link ResourceType}. What it takes away goes with it where nothing can refer to it any more (listeners,
 * and after them routes), and otherwise last: clusters, then their endpoints, then trust.
 */
final class AdsStream {

    /** More than this many unanswered responses, and new versions wait. */
    static final int SATURATED = 64;

    /** What is in {@code control_plane.identifier}: tells a sidecar that the rule above holds. */
    static final ControlPlane IDENTITY = ControlPlane.newBuilder().setIdentifier("mesh").build();

    private static final List<ResourceType> REMOVED_LAST = List.of(ResourceType.CLUSTER, ResourceType.ENDPOINTS, ResourceType.TRUST);

    private record Sent(ResourceType type, long version) {}

    /**
     * A refusal.
     *
     * @param version the store version of the refused response
     * @param message all problems, as the client told them
     */
    record Refusal(ResourceType type, long version, String message) {}

    private final ResourceCache cache;
    private final StreamLimits limits;
    private final Map<ResourceType, Subscription> subscriptions = new EnumMap<>(ResourceType.class);
    private final Map<String, Sent> unacked = new HashMap<>();

    private MeshSnapshot view;
    private long considered;
    private long acknowledged;
    private long nonces;
    private Optional<Refusal> refusal = Optional.empty();

    AdsStream(MeshSnapshot view, ResourceCache cache, StreamLimits limits) {
        this.view = view;
        this.considered = view.version();
        this.cache = cache;
        this.limits = limits;
    }

    /** The last version that was looked at, whether or not it held a change. */
    long consideredVersion() {
        return considered;
    }

    /** The last version that held a change for this sidecar. */
    long sentVersion() {
        return view.version();
    }

    /** The last version of which the sidecar has acknowledged everything that there was for it, which may be nothing. */
    long acknowledgedVersion() {
        return acknowledged;
    }

    /** The last refusal since everything was acknowledged. */
    Optional<Refusal> refusal() {
        return refusal;
    }

    /** Whether the client has yet to answer something. */
    boolean unanswered() {
        return !unacked.isEmpty();
    }

    /** Whether a new view has to wait until the client answers, however long that takes. */
    boolean saturated() {
        return unacked.size() >= SATURATED;
    }

    /**
     * Acknowledges, subscribes, unsubscribes, in one request or one by one. A type that we do not speak is not answered, and a nonce that
     * we did not send means nothing.
     *
     * @throws StreamLimits.Exceeded when the client asks for more than one client may
     */
    List<DeltaDiscoveryResponse> onRequest(DeltaDiscoveryRequest request) {
        ResourceType type = ResourceType.ofUrl(request.getTypeUrl()).orElse(null);
        if (type == null) {
            return List.of();
        }
        limits.check(request);
        Subscription known = subscriptions.get(type);
        Subscription subscription = known == null ? open(type, request) : known;
        if (answers(request)) {
            answer(subscription, unacked.remove(request.getResponseNonce()), request);
        }
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
        limits.checkSize(type, subscription.size());
        if (known == null) {
            // On a new stream a client tells what it still has; only what differs is sent again.
            asked.removeAll(request.getInitialResourceVersionsMap().keySet());
        } else if (asked.isEmpty() && !all) {
            return List.of();
        }
        Subscription.Difference difference = subscription.next(view, cache, asked);
        List<DeltaDiscoveryResponse> responses = new ArrayList<>();
        respond(responses, type, difference.changed(), difference.removed());
        limits.checkUnanswered(unacked.size());
        return responses;
    }

    private Subscription open(ResourceType type, DeltaDiscoveryRequest request) {
        Subscription subscription = new Subscription(type);
        subscription.holds(request.getInitialResourceVersionsMap());
        subscription.wildcard(type.wildcard() && request.getResourceNamesSubscribeCount() == 0);
        subscriptions.put(type, subscription);
        return subscription;
    }

    /** Whether a request acknowledges or refuses a response of this stream that waits for it. */
    boolean answers(DeltaDiscoveryRequest request) {
        Sent sent = unacked.get(request.getResponseNonce());
        return sent != null && sent.type.typeUrl().equals(request.getTypeUrl());
    }

    private void answer(Subscription subscription, Sent sent, DeltaDiscoveryRequest request) {
        subscription.answered(sent.version, request.hasErrorDetail());
        if (request.hasErrorDetail()) {
            refusal = Optional.of(new Refusal(sent.type, sent.version, StreamLimits.readable(request.getErrorDetail().getMessage())));
        }
        settle();
    }

    private void settle() {
        boolean begun = !subscriptions.isEmpty();
        if (begun && unacked.isEmpty() && subscriptions.values().stream().noneMatch(Subscription::rejected)) {
            acknowledged = considered;
            refusal = Optional.empty();
        }
    }

    /** What the sidecar is to have from now on. Nothing is sent if that is what it has. */
    List<DeltaDiscoveryResponse> onView(MeshSnapshot next) {
        considered = next.version();
        if (next.holdsSameAs(view)) {
            settle();
            return List.of();
        }
        view = next;
        List<DeltaDiscoveryResponse> responses = new ArrayList<>();
        Map<ResourceType, List<String>> removedLast = new EnumMap<>(ResourceType.class);
        Set<String> changedClusters = Set.of();
        for (ResourceType type : subscriptions.keySet()) {
            Subscription subscription = subscriptions.get(type);
            // An Envoy waits for endpoints after every change of a cluster, also for those that it has.
            Set<String> again = new HashSet<>(type == ResourceType.ENDPOINTS ? changedClusters : Set.of());
            again.retainAll(subscription.names());
            Subscription.Difference difference = subscription.next(view, cache, again);
            if (type == ResourceType.CLUSTER) {
                changedClusters = names(difference.changed());
            }
            if (REMOVED_LAST.contains(type)) {
                respond(responses, type, difference.changed(), List.of());
                removedLast.put(type, difference.removed());
            } else {
                respond(responses, type, difference.changed(), difference.removed());
            }
        }
        for (ResourceType type : REMOVED_LAST) {
            List<String> removed = removedLast.getOrDefault(type, List.of());
            if (!removed.isEmpty()) {
                respond(responses, type, List.of(), removed);
            }
        }
        return responses;
    }

    private static Set<String> names(List<Resource> resources) {
        Set<String> names = new HashSet<>();
        resources.forEach(resource -> names.add(resource.getName()));
        return names;
    }

    private void respond(List<DeltaDiscoveryResponse> responses, ResourceType type, List<Resource> changed, List<String> removed) {
        DeltaDiscoveryResponse.Builder response = response(type);
        int bytes = 0;
        for (Resource resource : changed) {
            int size = resource.getSerializedSize();
            if (bytes > 0 && bytes + size > limits.response()) {
                responses.add(response.build());
                response = response(type);
                bytes = 0;
            }
            bytes += size;
            response.addResources(resource);
        }
        responses.add(response.setSystemVersionInfo(Long.toString(view.version())).addAllRemovedResources(removed).build());
    }

    private DeltaDiscoveryResponse.Builder response(ResourceType type) {
        String nonce = type.shortName() + "-" + ++nonces;
        // Stored before it is sent: the answer can arrive before the send returns.
        unacked.put(nonce, new Sent(type, view.version()));
        return DeltaDiscoveryResponse.newBuilder().setTypeUrl(type.typeUrl()).setNonce(nonce).setControlPlane(IDENTITY);
    }
}
