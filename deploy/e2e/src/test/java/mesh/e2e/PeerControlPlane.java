package mesh.e2e;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.protobuf.UInt32Value;
import io.envoyproxy.controlplane.cache.NodeGroup;
import io.envoyproxy.controlplane.cache.v3.SimpleCache;
import io.envoyproxy.controlplane.cache.v3.Snapshot;
import io.envoyproxy.controlplane.server.V3DiscoveryServer;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Another control plane to be measured beside: the server and cache that Envoy publishes for Java, in a process of its own, with resources
 * from a file. Takes changes on standard input ({@code one NAME WEIGHT}, {@code all WEIGHT}) and says {@code done} when its cache has taken one.
 */
final class PeerControlPlane {

    /** Sidecars of one workload are told the same. */
    static final NodeGroup<String> BY_WORKLOAD = new NodeGroup<>() {
        @Override
        public String hash(Node node) {
            return node.getCluster();
        }
    };

    private final SimpleCache<String> cache = new SimpleCache<>(BY_WORKLOAD);
    private final List<Cluster> clusters = new ArrayList<>();
    private final Map<String, ClusterLoadAssignment> endpoints = new LinkedHashMap<>();
    private final List<Listener> listeners = new ArrayList<>();
    private final List<RouteConfiguration> routes = new ArrayList<>();
    private int version;

    private PeerControlPlane(Path resources) throws IOException {
        for (Resource each : DeltaDiscoveryResponse.parseFrom(Files.readAllBytes(resources)).getResourcesList()) {
            Any any = each.getResource();
            if (any.is(Cluster.class)) clusters.add(any.unpack(Cluster.class));
            if (any.is(ClusterLoadAssignment.class)) endpoints.put(each.getName(), any.unpack(ClusterLoadAssignment.class));
            if (any.is(Listener.class)) listeners.add(any.unpack(Listener.class));
            if (any.is(RouteConfiguration.class)) routes.add(any.unpack(RouteConfiguration.class));
        }
        publish();
    }

    public static void main(String[] args) throws Exception {
        PeerControlPlane plane = new PeerControlPlane(Path.of(args[0]));
        V3DiscoveryServer discovery = new V3DiscoveryServer(plane.cache);
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
            .addService(discovery.getAggregatedDiscoveryServiceImpl()).build().start();
        System.out.println("peer ready: 127.0.0.1:" + server.getPort());
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = in.readLine()) != null; ) {
            plane.change(line.split(" "));
            System.out.println("done");
        }
        server.shutdownNow();
    }

    private void change(String[] words) {
        int weight = Integer.parseInt(words[words.length - 1]);
        if (words[0].equals("one")) {
            endpoints.computeIfPresent(words[1], (name, set) -> weighted(set, weight, 1));
        } else {
            endpoints.replaceAll((name, set) -> weighted(set, weight, Integer.MAX_VALUE));
        }
        publish();
    }

    private static ClusterLoadAssignment weighted(ClusterLoadAssignment set, int weight, int atMost) {
        ClusterLoadAssignment.Builder changed = set.toBuilder();
        for (var locality : changed.getEndpointsBuilderList()) {
            locality.getLbEndpointsBuilderList().stream().limit(atMost).forEach(each -> each.setLoadBalancingWeight(UInt32Value.of(weight)));
        }
        return changed.build();
    }

    private void publish() {
        cache.setSnapshot("web", Snapshot.create(clusters, endpoints.values(), listeners, routes, List.<Secret>of(), Integer.toString(++version)));
    }

    /** All that a control plane has sent, for another to send. */
    static void write(Path file, Iterable<? extends Map<String, Resource>> held) throws IOException {
        DeltaDiscoveryResponse.Builder all = DeltaDiscoveryResponse.newBuilder();
        held.forEach(ofType -> all.addAllResources(ofType.values()));
        Message message = all.build();
        Files.write(file, message.toByteArray());
    }
}
