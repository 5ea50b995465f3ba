package mesh.e2e;

import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.xds.XdsNameResolverProvider;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Channels of grpc-java's xDS client, which has everything from our control plane. */
final class XdsChannels {

    private XdsChannels() {}

    /**
     * To {@code xds:///}name.
     *
     * @param workload what it says it is, as whose first instance
     * @param files    what its certificate provider reads; null for none
     */
    static ManagedChannel open(ControlPlaneProcess controlPlane, String workload, String name, ChannelCredentials credentials, EnrolledFiles files) {
        Map<String, Object> bootstrap = new HashMap<>(Map.of(
            "xds_servers", List.of(Map.of(
                "server_uri", controlPlane.plaintext().toString(),
                "channel_creds", List.of(Map.of("type", "insecure")),
                "server_features", List.of("xds_v3"))),
            "node", Map.of("id", workload + "-1", "cluster", workload)));
        if (files != null) {
            bootstrap.put("certificate_providers", Map.of("default", Map.of("plugin_name", "file_watcher", "config", Map.of(
                "certificate_file", files.chain().toString(), "private_key_file", files.key().toString(),
                "ca_certificate_file", files.ca().toString(), "refresh_interval", "60s"))));
        }
        return open(bootstrap, name, credentials);
    }

    /** As above, by the file that an application would have. */
    static ManagedChannel open(Path bootstrap, String name) throws IOException {
        return open(new JsonObject(Files.readString(bootstrap)).getMap(), name, InsecureChannelCredentials.create());
    }

    @SuppressWarnings("deprecation")
    private static ManagedChannel open(Map<String, Object> bootstrap, String name, ChannelCredentials credentials) {
        // Deprecated, and the only way to a bootstrap that is not the whole process's: each test has a control plane of its own.
        return Grpc.newChannelBuilder("xds:///" + name, credentials)
            .nameResolverFactory(XdsNameResolverProvider.createForTest("xds", bootstrap))
            .build();
    }
}
