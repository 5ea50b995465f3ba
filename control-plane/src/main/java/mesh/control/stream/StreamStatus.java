package mesh.control.stream;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.util.List;
import java.util.Optional;
import mesh.model.MeshSnapshot;
import mesh.xds.ClientKind;
import mesh.xds.ResourceType;

/**
 * What one connected client has, at one moment of its stream.
 *
 * @param client   as it describes itself, without its metadata
 * @param spiffeId as its certificate says; "" for one on the plaintext loopback port
 * @param workload the workload that its configuration is for
 * @param view     the configuration that it was sent last
 * @param types    of each type that it has subscribed to
 */
public record StreamStatus(Node client, String spiffeId, String workload, MeshSnapshot view, List<OfType> types) {

    /**
     * One type.
     *
     * @param sentVersion         the last version of which something was sent; 0 for none
     * @param acknowledgedVersion the last version that it took over; 0 for none
     * @param refusal             what it would not take, since it last acknowledged something
     * @param waits               whether it has yet to answer
     * @param resources           what it was sent and not told to give up, sorted by name; those that it refused are among them
     * @param unknown             names that it asks for and that are not there, sorted
     */
    public record OfType(
        ResourceType type, long sentVersion, long acknowledgedVersion, Optional<Refused> refusal, boolean waits, List<Resource> resources,
        List<String> unknown) {}

    /**
     * What a client would not take.
     *
     * @param version of the configuration
     * @param message all problems, as the client told them
     */
    public record Refused(long version, String message) {}

    private static final int LONGEST_AGENT = 255;

    /** What is kept of a client's description: metadata can be long. */
    static Node described(Node claimed) {
        String agent = StreamLimits.readable(claimed.getUserAgentName());
        Node.Builder kept = Node.newBuilder().setId(claimed.getId()).setCluster(claimed.getCluster())
            .setUserAgentName(agent.length() <= LONGEST_AGENT ? agent : agent.substring(0, LONGEST_AGENT));
        String version = StreamLimits.readable(claimed.getUserAgentVersion());
        if (claimed.hasUserAgentBuildVersion()) {
            kept.getUserAgentBuildVersionBuilder().setVersion(claimed.getUserAgentBuildVersion().getVersion());
        } else if (!version.isEmpty() && version.length() <= LONGEST_AGENT) {
            kept.setUserAgentVersion(version);
        }
        return kept.build();
    }

    public String node() {
        return client.getId();
    }

    public ClientKind kind() {
        return ClientKind.of(client);
    }
}
