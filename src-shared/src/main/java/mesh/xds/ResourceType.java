package mesh.xds;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import mesh.model.MeshSnapshot;

/**
 * The kinds of resource in a subscription, in the order in which they are pushed: whom to trust before what trusts it, a cluster before
 * its endpoints, and both before the listeners and routes that send to them (make before break).
 */
public enum ResourceType {
    TRUST("envoy.extensions.transport_sockets.tls.v3.Secret", "SDS", "trust", new TrustBundleCodec()),
    CLUSTER("envoy.config.cluster.v3.Cluster", "CDS", "clusters", new ClusterCodec()),
    ENDPOINTS("envoy.config.endpoint.v3.ClusterLoadAssignment", "EDS", "endpoints", new EndpointSetCodec()),
    LISTENER("envoy.config.listener.v3.Listener", "LDS", "listeners", new ListenerCodec()),
    ROUTES("envoy.config.route.v3.RouteConfiguration", "RDS", "routes", new RouteTableCodec());

    /** The resource name of the trust bundle, by which listeners and clusters refer to it (Istio and SPIRE use the same). */
    public static final String TRUST_NAME = "ROOTCA";

    /** The one in which other trust domains' bundles are as well; only there where there are any (SPIRE's name for the same). */
    public static final String FEDERATED_TRUST_NAME = "ALL";

    private static final Map<String, ResourceType> BY_URL = new HashMap<>();

    static {
        for (ResourceType type : values()) {
            BY_URL.put(type.typeUrl, type);
        }
    }

    private final String typeUrl;
    private final String shortName;
    private final String plural;
    private final ResourceCodec<?, ?> codec;

    ResourceType(String message, String shortName, String plural, ResourceCodec<?, ?> codec) {
        this.typeUrl = Wire.TYPE_URL_PREFIX + message;
        this.shortName = shortName;
        this.plural = plural;
        this.codec = codec;
    }

    /** Empty for a type that we do not speak. */
    public static Optional<ResourceType> ofUrl(String typeUrl) {
        return Optional.ofNullable(BY_URL.get(typeUrl));
    }

    /** How a sidecar or an Envoy is told of it. */
    ResourceWriter<?, ?> writer() {
        return codec;
    }

    public String typeUrl() {
        return typeUrl;
    }

    /** The name of its discovery service, also the {@code type} label: {@code CDS}. */
    public String shortName() {
        return shortName;
    }

    /** Whether a subscription without names means all of them; the others are asked for by the names that these mention. */
    public boolean wildcard() {
        return this == CLUSTER || this == LISTENER;
    }

    /** Of all resources of this type in a snapshot. Every cluster has an endpoint set, if only an empty one: nobody waits for it. */
    public Set<String> names(MeshSnapshot snapshot) {
        return codec.names(snapshot);
    }

    /** The resource under this name, empty if the snapshot has none. Always the same bytes for the same configuration. */
    public Optional<EncodedResource> encode(MeshSnapshot snapshot, String name) {
        return codec.write(snapshot, name);
    }

    /** The endpoint set of a cluster that does not exist. */
    public static EncodedResource emptyEndpoints(String cluster) {
        return EncodedResource.of(cluster, Wire.pack(EndpointSetCodec.empty(cluster)));
    }

    /** What the resource under this name is made from, null if the snapshot has none: while it stays equal, so do the bytes. */
    public Object source(MeshSnapshot snapshot, String name) {
        return codec.sourceOf(snapshot, name);
    }

    /**
     * Reads a resource from the wire; never throws. Features that would change its meaning and that we do not have are problems.
     *
     * @param name the name it was sent under; "" when only the resource itself says it
     * @return a value of this type's record in {@code mesh.model}, or every problem
     */
    public Decoded<?> decode(String name, Any body) {
        return decode(codec, name, body);
    }

    private <T, M extends Message> Decoded<T> decode(ResourceCodec<T, M> wire, String name, Any body) {
        Reading unnamed = new Reading(plural + "." + name);
        M message = unnamed.unpack(body, wire.wireType());
        if (message == null) {
            return unnamed.result(null);
        }
        String own = wire.name(message);
        Reading reading = new Reading(plural + "." + own);
        if (!name.isEmpty() && !own.equals(name)) {
            reading.problem("was sent under the name \"" + name + "\" (expected: under its own)");
        }
        return reading.result(wire.decode(message, reading));
    }
}
