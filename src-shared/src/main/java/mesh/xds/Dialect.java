package mesh.xds;

import io.envoyproxy.envoy.config.core.v3.Node;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import mesh.model.MeshSnapshot;

/** Which resources a kind of client is told of, and how they are written for it. */
public enum Dialect {

    /** Our own sidecars and Envoys: what {@link ResourceType} says. */
    PROXY(Arrays.stream(ResourceType.values()).collect(Collectors.toMap(Function.identity(), ResourceType::writer))),

    /**
     * Applications that call through {@code xds:///} targets without a proxy (gRFC A27). The target's name is the name of a listener and
     * of its routes: the route table of that name if there is one, else everything goes to the cluster of that name. They have no
     * sockets, and bring their certificates along.
     */
    GRPC(Map.of(
        ResourceType.CLUSTER, new GrpcClusterWriter(),
        ResourceType.ENDPOINTS, new GrpcEndpointsWriter(),
        ResourceType.LISTENER, new GrpcListenerWriter(),
        ResourceType.ROUTES, new GrpcRoutesWriter()));

    /** Of every implementation: "gRPC Java", "gRPC Go", "gRPC C-core …", "gRPC Node Pure JS". */
    private static final String GRPC_AGENT = "gRPC";

    private final Map<ResourceType, ResourceWriter<?, ?>> writers;

    Dialect(Map<ResourceType, ResourceWriter<?, ?>> writers) {
        this.writers = writers;
    }

    /** The one that a client understands. */
    public static Dialect of(Node client) {
        return client.getUserAgentName().startsWith(GRPC_AGENT) ? GRPC : PROXY;
    }

    /** Of all resources of a type in a snapshot. */
    public Set<String> names(ResourceType type, MeshSnapshot snapshot) {
        return writers.containsKey(type) ? writers.get(type).names(snapshot) : Set.of();
    }

    public boolean has(ResourceType type, MeshSnapshot snapshot, String name) {
        return writers.containsKey(type) && writers.get(type).find(snapshot, name) != null;
    }

    /** What the resource under this name is made from, null if there is none: while it stays equal, so do the bytes. */
    public Object source(ResourceType type, MeshSnapshot snapshot, String name) {
        return writers.containsKey(type) ? writers.get(type).sourceOf(snapshot, name) : null;
    }

    /** The resource under this name, empty if there is none. Always the same bytes for the same configuration. */
    public Optional<EncodedResource> encode(ResourceType type, MeshSnapshot snapshot, String name) {
        return writers.containsKey(type) ? writers.get(type).write(snapshot, name) : Optional.empty();
    }
}
