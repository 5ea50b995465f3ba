package mesh.xds;

import com.google.protobuf.Any;
import io.envoyproxy.envoy.config.core.v3.Node;
import java.util.List;
import mesh.model.MeshSnapshot;

/** The programs that subscribe, by what each makes of what it is sent. */
public enum ClientKind {
    SIDECAR,
    ENVOY,
    GRPC;

    /** As our sidecars call themselves in {@code user_agent_name}. */
    private static final String OURS = "mesh";

    /** Whoever does not say that it is ours or gRPC is held for an Envoy: what belongs to the mesh alone, it does not know. */
    public static ClientKind of(Node client) {
        if (Dialect.of(client) == Dialect.GRPC) return GRPC;
        return client.getUserAgentName().equals(OURS) ? SIDECAR : ENVOY;
    }

    /**
     * What the configuration says of a resource and this client does not do, though it accepts the resource.
     *
     * @param view in which the resource is
     * @param body as it was sent
     */
    public List<Ignored> ignored(ResourceType type, MeshSnapshot view, String name, Any body) {
        return switch (this) {
            case SIDECAR -> List.of();
            case ENVOY -> IgnoredByEnvoy.of(type, name, body);
            case GRPC -> IgnoredByGrpc.of(type, view, name);
        };
    }
}
