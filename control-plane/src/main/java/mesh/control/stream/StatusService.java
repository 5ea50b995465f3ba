package mesh.control.stream;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.envoyproxy.envoy.admin.v3.ClientResourceStatus;
import io.envoyproxy.envoy.admin.v3.UpdateFailureState;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.envoyproxy.envoy.service.status.v3.ClientConfig;
import io.envoyproxy.envoy.service.status.v3.ClientConfig.GenericXdsConfig;
import io.envoyproxy.envoy.service.status.v3.ClientStatusDiscoveryServiceGrpc.ClientStatusDiscoveryServiceImplBase;
import io.envoyproxy.envoy.service.status.v3.ClientStatusRequest;
import io.envoyproxy.envoy.service.status.v3.ClientStatusResponse;
import io.envoyproxy.envoy.service.status.v3.ConfigStatus;
import io.envoyproxy.envoy.type.matcher.v3.NodeMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.quarkus.grpc.GrpcService;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/**
 * Envoy's client status discovery service: what each connected client was sent, has acknowledged and would not take, in the words of xDS.
 * Versions of resources are their hashes. Nothing here blocks: the streams are asked, each on its own executor.
 */
@GrpcService
public class StatusService extends ClientStatusDiscoveryServiceImplBase {

    /** What one answer may hold; a whole mesh's may be asked for without the resources. */
    private static final long MOST_BYTES = 64L << 20;

    private final SidecarRegistry sidecars;

    public StatusService(SidecarRegistry sidecars) {
        this.sidecars = sidecars;
    }

    @Override
    public void fetchClientStatus(ClientStatusRequest request, StreamObserver<ClientStatusResponse> out) {
        answer(request, out, out::onCompleted);
    }

    /** An answer for each request; the next is read when the last is answered. */
    @Override
    public StreamObserver<ClientStatusRequest> streamClientStatus(StreamObserver<ClientStatusResponse> out) {
        ServerCallStreamObserver<ClientStatusResponse> call = (ServerCallStreamObserver<ClientStatusResponse>) out;
        call.disableAutoRequest();
        call.request(1);
        return new StreamObserver<>() {

            private volatile boolean answering;
            private volatile boolean ended;

            @Override
            public void onNext(ClientStatusRequest request) {
                answering = true;
                answer(request, call, () -> {
                    answering = false;
                    if (ended) call.onCompleted();
                    else call.request(1);
                });
            }

            @Override
            public void onError(Throwable cause) {
                // Cancelled: nobody is left to answer.
            }

            @Override
            public void onCompleted() {
                ended = true;
                if (!answering) call.onCompleted();
            }
        };
    }

    private void answer(ClientStatusRequest request, StreamObserver<ClientStatusResponse> out, Runnable then) {
        Predicate<String> chosen;
        try {
            chosen = chosen(request.getNodeMatchersList());
        } catch (StatusRuntimeException e) {
            out.onError(e);
            return;
        }
        sidecars.statuses(chosen).thenAccept(statuses -> {
            ClientStatusResponse response;
            try {
                response = response(statuses, request.getExcludeResourceContents());
            } catch (StatusRuntimeException e) {
                out.onError(e);
                return;
            }
            out.onNext(response);
            then.run();
        });
    }

    private static ClientStatusResponse response(List<StreamStatus> statuses, boolean namesOnly) {
        ClientStatusResponse.Builder response = ClientStatusResponse.newBuilder();
        long bytes = 0;
        for (StreamStatus status : statuses) {
            ClientConfig config = config(status, namesOnly);
            bytes += config.getSerializedSize();
            if (bytes > MOST_BYTES) {
                throw Status.RESOURCE_EXHAUSTED.withDescription("the clients' configuration: more than " + MOST_BYTES
                    + " bytes (expected: node_matchers that choose fewer, or exclude_resource_contents)").asRuntimeException();
            }
            response.addConfig(config);
        }
        return response.build();
    }

    private static ClientConfig config(StreamStatus status, boolean namesOnly) {
        ClientConfig.Builder config = ClientConfig.newBuilder().setNode(status.client());
        for (StreamStatus.OfType type : status.types()) {
            for (Resource resource : type.resources()) {
                GenericXdsConfig.Builder generic = config.addGenericXdsConfigsBuilder()
                    .setTypeUrl(type.type().typeUrl())
                    .setName(resource.getName())
                    .setVersionInfo(resource.getVersion())
                    .setConfigStatus(configStatus(type))
                    .setClientStatus(clientStatus(type));
                if (!namesOnly) generic.setXdsConfig(resource.getResource());
                type.refusal().ifPresent(refusal -> generic.setErrorState(refused(refusal)));
            }
            type.unknown().stream().filter(name -> type.resources().stream().noneMatch(resource -> resource.getName().equals(name)))
                .forEach(name -> config.addGenericXdsConfigsBuilder()
                    .setTypeUrl(type.type().typeUrl()).setName(name)
                    .setConfigStatus(ConfigStatus.NOT_SENT).setClientStatus(ClientResourceStatus.DOES_NOT_EXIST));
        }
        return config.build();
    }

    /** Which of a response's resources a client did not take, it tells in words alone. */
    private static UpdateFailureState refused(StreamStatus.Refused refusal) {
        return UpdateFailureState.newBuilder()
            .setDetails(refusal.message())
            .setVersionInfo(Long.toString(refusal.version()))
            .build();
    }

    private static ConfigStatus configStatus(StreamStatus.OfType type) {
        if (type.refusal().isPresent()) return ConfigStatus.ERROR;
        return type.waits() ? ConfigStatus.STALE : ConfigStatus.SYNCED;
    }

    private static ClientResourceStatus clientStatus(StreamStatus.OfType type) {
        if (type.refusal().isPresent()) return ClientResourceStatus.NACKED;
        return type.waits() ? ClientResourceStatus.REQUESTED : ClientResourceStatus.ACKED;
    }

    /** Those that any of the matchers chooses; without matchers all. */
    private static Predicate<String> chosen(List<NodeMatcher> matchers) {
        if (matchers.isEmpty()) return node -> true;
        Predicate<String> any = node -> false;
        for (NodeMatcher matcher : matchers) {
            if (matcher.getNodeMetadatasCount() > 0 || !matcher.hasNodeId()) {
                throw refused("node_matchers: goes by metadata (expected: node_id, metadata is not kept)");
            }
            any = any.or(matching(matcher.getNodeId()));
        }
        return any;
    }

    private static Predicate<String> matching(StringMatcher matcher) {
        boolean anyCase = matcher.getIgnoreCase();
        return switch (matcher.getMatchPatternCase()) {
            case EXACT -> node -> cased(node, anyCase).equals(cased(matcher.getExact(), anyCase));
            case PREFIX -> node -> cased(node, anyCase).startsWith(cased(matcher.getPrefix(), anyCase));
            case SUFFIX -> node -> cased(node, anyCase).endsWith(cased(matcher.getSuffix(), anyCase));
            case CONTAINS -> node -> cased(node, anyCase).contains(cased(matcher.getContains(), anyCase));
            case SAFE_REGEX -> regex(matcher.getSafeRegex().getRegex());
            default -> throw refused("node_id: " + matcher.getMatchPatternCase() + " (expected: exact, prefix, suffix, contains or safe_regex)");
        };
    }

    private static String cased(String text, boolean anyCase) {
        return anyCase ? text.toLowerCase(Locale.ROOT) : text;
    }

    private static Predicate<String> regex(String text) {
        try {
            Pattern pattern = Pattern.compile(text);
            return pattern::matches;
        } catch (PatternSyntaxException e) {
            throw refused("node_id.safe_regex: \"" + text + "\": " + e.getDescription() + " (expected: an expression in RE2's syntax)");
        }
    }

    private static StatusRuntimeException refused(String why) {
        return Status.INVALID_ARGUMENT.withDescription(why).asRuntimeException();
    }
}
