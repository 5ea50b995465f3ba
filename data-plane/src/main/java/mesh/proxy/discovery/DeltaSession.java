package mesh.proxy.discovery;

import com.google.rpc.Code;
import com.google.rpc.Status;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import mesh.model.ApplyResult;
import mesh.model.MeshSnapshot;
import mesh.model.Problem;
import mesh.time.Ticker;
import mesh.xds.ResourceType;
import org.jboss.logging.Logger;

/**
 * One stream's side of delta xDS: responses in, requests out. No sockets, no threads; one thread at a time.
 *
 * <p>A response is acknowledged only after the set that it belongs to was applied, so that whoever sees the acknowledgement knows that it
 * is in force. It is refused when one of its resources cannot be read, when an earlier one of its type still cannot, or when the set was
 * refused as a whole.
 */
final class DeltaSession {

    private static final Logger LOG = Logger.getLogger(DeltaSession.class);

    /** What our control plane calls itself: it promises that the response which completes a version carries its number. */
    private static final String OURS = "mesh";

    private static final int MESSAGE_LENGTH = 8192;

    private record Unanswered(ResourceType type, String nonce, List<Problem> problems) {}

    private final Node node;
    private final SnapshotAssembler assembler;
    private final Function<MeshSnapshot, ApplyResult> sink;
    private final Ticker ticker;
    private final Map<ResourceType, Set<String>> subscribed = new EnumMap<>(ResourceType.class);
    private final List<Unanswered> unanswered = new ArrayList<>();

    DeltaSession(Node node, SnapshotAssembler assembler, Function<MeshSnapshot, ApplyResult> sink, Ticker ticker) {
        this.node = node;
        this.assembler = assembler;
        this.sink = sink;
        this.ticker = ticker;
    }

    /** The first requests of a stream: all clusters and listeners, and by name what those that are still here mention. */
    List<DeltaDiscoveryRequest> open() {
        assembler.streamOpened(ticker.nanos());
        List<DeltaDiscoveryRequest> requests = new ArrayList<>();
        for (ResourceType type : ResourceType.values()) {
            if (type.wildcard()) {
                subscribed.put(type, Set.of());
                requests.add(request(type).putAllInitialResourceVersions(assembler.versions(type)).build());
            }
        }
        subscribe(requests);
        return requests;
    }

    /** Asks for what the response mentions, applies what is complete, answers what can be answered. */
    List<DeltaDiscoveryRequest> onResponse(DeltaDiscoveryResponse response) {
        List<DeltaDiscoveryRequest> requests = new ArrayList<>();
        ResourceType type = ResourceType.ofUrl(response.getTypeUrl()).orElse(null);
        if (type == null || !subscribed.containsKey(type)) {
            LOG.warnf("control plane sent %s, which nobody asked for", response.getTypeUrl());
            return requests;
        }
        Push push = Push.of(type, response, response.getControlPlane().getIdentifier().equals(OURS));
        push.errors().forEach((name, why) -> LOG.warnf("control plane has no %s \"%s\": %s", type.shortName(), name, why));
        assembler.take(push, ticker.nanos());
        unanswered.add(new Unanswered(type, response.getNonce(), push.problems()));
        subscribe(requests);
        publish(requests);
        return requests;
    }

    /** When to call {@link #onTime} if nothing arrives before, in ticker nanoseconds. */
    OptionalLong deadline() {
        return assembler.deadline();
    }

    /** When something that is here is not good any more, unless a heartbeat comes before; in ticker nanoseconds. */
    OptionalLong expiry() {
        return assembler.expiry();
    }

    List<DeltaDiscoveryRequest> onTime() {
        List<DeltaDiscoveryRequest> requests = new ArrayList<>();
        assembler.expire(ticker.nanos());
        subscribe(requests);
        publish(requests);
        return requests;
    }

    private void subscribe(List<DeltaDiscoveryRequest> requests) {
        for (ResourceType type : ResourceType.values()) {
            if (type.wildcard()) {
                continue;
            }
            Set<String> wanted = Set.copyOf(assembler.wanted(type));
            Set<String> had = subscribed.get(type);
            if (wanted.equals(had) || had == null && wanted.isEmpty()) {
                continue;
            }
            DeltaDiscoveryRequest.Builder request = request(type);
            if (had == null) {
                request.putAllInitialResourceVersions(assembler.versions(type));
            }
            wanted.stream().filter(name -> had == null || !had.contains(name)).sorted().forEach(request::addResourceNamesSubscribe);
            if (had != null) {
                had.stream().filter(name -> !wanted.contains(name)).sorted().forEach(request::addResourceNamesUnsubscribe);
            }
            subscribed.put(type, wanted);
            requests.add(request.build());
        }
    }

    private void publish(List<DeltaDiscoveryRequest> requests) {
        MeshSnapshot snapshot = assembler.next(ticker.nanos()).orElse(null);
        if (snapshot != null) {
            ApplyResult result = apply(snapshot);
            assembler.applied(snapshot, result);
            answer(requests, result instanceof ApplyResult.Rejected rejected ? rejected.problems() : List.of());
        } else if (!assembler.pending()) {
            answer(requests, List.of());
        }
    }

    private ApplyResult apply(MeshSnapshot snapshot) {
        if (!assembler.leftOut().isEmpty()) {
            LOG.warnf("version %d is applied without what refers to nothing: %s", snapshot.version(), text(assembler.leftOut()));
        }
        ApplyResult result;
        try {
            result = sink.apply(snapshot);
        } catch (RuntimeException e) {
            LOG.errorf(e, "bug while version %d was applied", snapshot.version());
            result = new ApplyResult.Rejected(List.of(new Problem("snapshot", "could not be applied: " + e)));
        }
        if (result instanceof ApplyResult.Rejected rejected) {
            LOG.warnf("version %d refused, %d goes on: %s", snapshot.version(), assembler.published().version(), text(rejected.problems()));
        } else {
            LOG.infof("version %d applied", snapshot.version());
        }
        return result;
    }

    private void answer(List<DeltaDiscoveryRequest> requests, List<Problem> ofTheSet) {
        for (Unanswered response : unanswered) {
            Set<Problem> problems = new HashSet<>(assembler.rejected(response.type));
            List<Problem> all = new ArrayList<>(assembler.rejected(response.type));
            response.problems.stream().filter(problems::add).forEach(all::add);
            all.addAll(ofTheSet);
            DeltaDiscoveryRequest.Builder answer = request(response.type).setResponseNonce(response.nonce);
            if (!all.isEmpty()) {
                answer.setErrorDetail(Status.newBuilder().setCode(Code.INVALID_ARGUMENT_VALUE).setMessage(text(all)));
            }
            requests.add(answer.build());
        }
        unanswered.clear();
    }

    private static String text(List<Problem> problems) {
        String text = problems.stream().map(Problem::toString).collect(Collectors.joining("; "));
        return text.length() <= MESSAGE_LENGTH ? text : text.substring(0, MESSAGE_LENGTH) + "…";
    }

    private DeltaDiscoveryRequest.Builder request(ResourceType type) {
        // In each, as Envoy does it by default: some control planes do not remember whose stream it is.
        return DeltaDiscoveryRequest.newBuilder().setNode(node).setTypeUrl(type.typeUrl());
    }
}
