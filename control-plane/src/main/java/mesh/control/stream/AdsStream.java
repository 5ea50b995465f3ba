package mesh.control.stream;

import com.google.rpc.Status;
import io.envoyproxy.envoy.config.core.v3.ControlPlane;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import mesh.model.MeshSnapshot;
import mesh.xds.ResourceType;

/**
 * One client's subscription: a request or a new view in, responses out. No gRPC, no threads, no clock; called by one thread at a time.
 * Here is what both variants of the protocol have in common: what was sent and answered, and the order of a push.
 *
 * <p>A push goes in the order of {@link ResourceType}. What it takes away goes with it where nothing can refer to it any more (listeners,
 * and after them routes), and otherwise last: clusters, then their endpoints, then trust.
 *
 * @param <Q> requests
 * @param <R> responses
 */
abstract sealed class AdsStream<Q, R> permits DeltaStream, SotwStream {

    /** More than this many unanswered responses, and new versions wait. */
    static final int SATURATED = 64;

    /** What is in {@code control_plane.identifier}: tells a sidecar that the rule of {@link DeltaStream} holds. */
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

    /**
     * What a request says of a response.
     *
     * @param refused why; empty when it acknowledges
     */
    record Answer(ResourceType type, Optional<String> refused) {}

    private record Telling(Subscription subscription, Subscription.Difference difference, Supplier<List<Resource>> leaving) {}

    private final ResourceCache cache;
    private final StreamLimits limits;
    private final Map<ResourceType, Subscription> subscriptions = new EnumMap<>(ResourceType.class);
    /** By nonce, in the order in which they were sent. */
    private final Map<String, Sent> unacked = new LinkedHashMap<>();

    private MeshSnapshot view;
    private long sent;
    private long considered;
    private long acknowledged;
    private long nonces;
    private Optional<Refusal> refusal = Optional.empty();

    AdsStream(MeshSnapshot view, ResourceCache cache, StreamLimits limits) {
        this.view = view;
        this.sent = view.version();
        this.considered = sent;
        this.cache = cache;
        this.limits = limits;
    }

    /**
     * Acknowledges, subscribes, unsubscribes, in one request or one by one. A type that we do not speak is not answered, and a nonce that
     * we did not send means nothing.
     *
     * @throws StreamLimits.Exceeded when the client asks for more than one client may
     */
    abstract List<R> onRequest(Q request);

    /** The response of this stream that a request answers, if it waits for an answer. To be asked before the request is taken in. */
    abstract Optional<Answer> answer(Q request);

    /**
     * Adds the responses that tell a change of one type.
     *
     * @param leaving   what the same push takes away later, and what the client is to keep until then
     * @param completes whether the client then has all of the version
     */
    abstract void tell(List<R> responses, Subscription subscription, Subscription.Difference difference, Supplier<List<Resource>> leaving,
        boolean completes);

    /** The last version that was looked at, whether or not it held a change. */
    long consideredVersion() {
        return considered;
    }

    /** The last version that held a change for this client. */
    long sentVersion() {
        return sent;
    }

    /** The last version of which the client has acknowledged everything that there was for it, which may be nothing. */
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

    MeshSnapshot view() {
        return view;
    }

    ResourceCache cache() {
        return cache;
    }

    StreamLimits limits() {
        return limits;
    }

    Optional<Subscription> subscription(ResourceType type) {
        return Optional.ofNullable(subscriptions.get(type));
    }

    Subscription subscribe(ResourceType type) {
        Subscription subscription = new Subscription(type);
        subscriptions.put(type, subscription);
        return subscription;
    }

    /** What a request is answered with, unless its sender has let too much go unanswered. */
    List<R> bounded(List<R> responses) {
        limits.checkUnanswered(unacked.size());
        return responses;
    }

    /** The nonce of a response that is about to be sent. Stored before it is sent: the answer can arrive before the send returns. */
    String nonce(ResourceType type) {
        String nonce = type.shortName() + "-" + ++nonces;
        unacked.put(nonce, new Sent(type, sent));
        subscriptions.get(type).sent(sent);
        return nonce;
    }

    Optional<Answer> answer(String typeUrl, String nonce, boolean refused, Status error) {
        Sent sent = unacked.get(nonce);
        if (sent == null || !sent.type.typeUrl().equals(typeUrl)) {
            return Optional.empty();
        }
        return Optional.of(new Answer(sent.type, refused ? Optional.of(StreamLimits.readable(error.getMessage())) : Optional.empty()));
    }

    /** Takes the answer to one of several responses for an answer to those before it as well. */
    void passOver(ResourceType type, String nonce) {
        Iterator<Map.Entry<String, Sent>> sent = unacked.entrySet().iterator();
        for (Map.Entry<String, Sent> each = sent.next(); !each.getKey().equals(nonce); each = sent.next()) {
            if (each.getValue().type == type) {
                sent.remove();
            }
        }
    }

    /** Takes an answer in. */
    void answered(String nonce, Answer answer) {
        Sent sent = unacked.remove(nonce);
        Optional<Refusal> refused = answer.refused.map(message -> new Refusal(sent.type, sent.version, message));
        subscriptions.get(sent.type).answered(sent.version, refused, !waits(sent.type));
        if (refused.isPresent()) {
            refusal = refused;
        }
        settle();
    }

    private boolean waits(ResourceType type) {
        return unacked.values().stream().anyMatch(sent -> sent.type == type);
    }

    /** Of each type that the client has subscribed to. */
    List<StreamStatus.OfType> status() {
        return subscriptions.values().stream().map(each -> each.status(view, cache, waits(each.type()))).toList();
    }

    /** Whether the client goes by the view that it was sent last, all of it. */
    boolean settled() {
        return !subscriptions.isEmpty() && unacked.isEmpty() && subscriptions.values().stream().noneMatch(Subscription::rejected);
    }

    private void settle() {
        if (settled()) {
            acknowledged = considered;
            refusal = Optional.empty();
        }
    }

    /** What the client is to have from now on. Nothing is sent if that is what it has. */
    List<R> onView(MeshSnapshot next) {
        MeshSnapshot before = view;
        ViewChange change = cache.change(before, next);
        view = next;
        considered = next.version();
        if (change.isEmpty()) {
            settle();
            return List.of();
        }
        sent = next.version();
        List<Telling> makes = new ArrayList<>();
        Map<Subscription, List<String>> breaks = new LinkedHashMap<>();
        Set<String> changedClusters = Set.of();
        for (Subscription subscription : subscriptions.values()) {
            ResourceType type = subscription.type();
            // An Envoy waits for endpoints after every change of a cluster, also for those that it has.
            Set<String> again = new HashSet<>(type == ResourceType.ENDPOINTS ? changedClusters : Set.of());
            again.retainAll(subscription.names());
            Subscription.Difference difference = subscription.next(view, cache, again, change.names(type));
            if (type == ResourceType.CLUSTER) {
                changedClusters = names(difference.changed());
            }
            if (REMOVED_LAST.contains(type) && !difference.removed().isEmpty()) {
                breaks.put(subscription, difference.removed());
                makes.add(new Telling(subscription, difference.withoutRemovals(), () -> resources(type, before, difference.removed())));
            } else {
                makes.add(new Telling(subscription, difference, List::of));
            }
        }
        // What was refused is told again, if only that nothing has changed: its answer says whether it is still refused.
        makes.removeIf(telling -> telling.difference.isEmpty() && !telling.subscription.rejected());
        List<R> responses = new ArrayList<>();
        for (int i = 0; i < makes.size(); i++) {
            Telling telling = makes.get(i);
            tell(responses, telling.subscription, telling.difference, telling.leaving, i == makes.size() - 1);
        }
        for (ResourceType type : REMOVED_LAST) {
            Subscription subscription = subscriptions.get(type);
            if (breaks.containsKey(subscription)) {
                tell(responses, subscription, new Subscription.Difference(List.of(), breaks.get(subscription)), List::of, true);
            }
        }
        settle();
        return responses;
    }

    private static Set<String> names(List<Resource> resources) {
        Set<String> names = new HashSet<>();
        resources.forEach(resource -> names.add(resource.getName()));
        return names;
    }

    private List<Resource> resources(ResourceType type, MeshSnapshot of, List<String> names) {
        return names.stream().flatMap(name -> cache.get(type, of, name).stream()).toList();
    }
}
