package mesh.proxy.discovery;

import io.envoyproxy.envoy.config.core.v3.ControlPlane;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mesh.model.Address;
import mesh.model.BalancerKind;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.Endpoint;
import mesh.model.EndpointSet;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.RouteTable;
import mesh.model.Scope;
import mesh.model.Timeouts;
import mesh.xds.EncodedResource;
import mesh.xds.ResourceType;

/** Small meshes, and what a control plane would say of them. */
final class Meshes {

    private Meshes() {}

    /** Services {@code name=endpoint}: each has a listener, a route table, a cluster and one endpoint, all of its name. */
    static MeshSnapshot of(long version, String... services) {
        List<Listener> listeners = new ArrayList<>();
        List<RouteTable> tables = new ArrayList<>();
        List<Cluster> clusters = new ArrayList<>();
        List<EndpointSet> endpoints = new ArrayList<>();
        for (String service : services) {
            String name = service.split("=")[0];
            listeners.add(new Listener(name, new Address("127.0.0.1", 0), Scope.ALL, new Listener.HttpTraffic(name, name), Optional.empty()));
            tables.add(RouteTable.toCluster(name, new Route(name, new Route.Prefix("/"), new Route.ToCluster(name), Optional.empty(),
                Timeouts.DEFAULT, RetryPolicy.NONE)));
            clusters.add(new Cluster(name, BalancerKind.RANDOM, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT));
            endpoints.add(new EndpointSet(name, List.of(new Endpoint(Address.parse(service.split("=")[1]), 1, Optional.empty()))));
        }
        return new MeshSnapshot(version, MeshSnapshot.byName(listeners, Listener::name), MeshSnapshot.byName(tables, RouteTable::name),
            MeshSnapshot.byName(clusters, Cluster::name), MeshSnapshot.byName(endpoints, EndpointSet::cluster), Optional.empty());
    }

    /** A response of our own control plane with the named resources as they are in a mesh; {@code -name} is a removal. */
    static DeltaDiscoveryResponse response(ResourceType type, MeshSnapshot mesh, String... names) {
        DeltaDiscoveryResponse.Builder response = DeltaDiscoveryResponse.newBuilder()
            .setTypeUrl(type.typeUrl())
            .setSystemVersionInfo(Long.toString(mesh.version()))
            .setControlPlane(ControlPlane.newBuilder().setIdentifier("mesh"))
            .setNonce(type.shortName() + "@" + mesh.version());
        for (String name : names) {
            if (name.startsWith("-")) {
                response.addRemovedResources(name.substring(1));
            } else {
                response.addResources(resource(type.encode(mesh, name).orElseThrow()));
            }
        }
        return response.build();
    }

    static DeltaDiscoveryResponse response(ResourceType type, MeshSnapshot mesh) {
        return response(type, mesh, new String[0]);
    }

    /** The same response as one of several, of which a later one completes the version. */
    static DeltaDiscoveryResponse begins(DeltaDiscoveryResponse response) {
        return response.toBuilder().clearSystemVersionInfo().build();
    }

    private static Resource resource(EncodedResource encoded) {
        return Resource.newBuilder().setName(encoded.name()).setVersion(encoded.version()).setResource(encoded.body()).build();
    }

    /** The same response with one resource changed so that a sidecar cannot take it. */
    static DeltaDiscoveryResponse broken(DeltaDiscoveryResponse response, int index) {
        Resource.Builder resource = response.getResources(index).toBuilder().setVersion("broken");
        resource.getResourceBuilder().setTypeUrl("type.googleapis.com/nonsense");
        return response.toBuilder().setResources(index, resource).build();
    }

    /** The same response as another control plane would send it, which numbers each type as it likes. */
    static DeltaDiscoveryResponse foreign(DeltaDiscoveryResponse response) {
        return response.toBuilder().clearControlPlane().setSystemVersionInfo(response.getNonce()).build();
    }

    /** {@code EDS +subscribed -unsubscribed [held, unapplied?]}, {@code ack CDS@3} or {@code nack CDS@3: why}. */
    static List<String> text(List<DeltaDiscoveryRequest> requests) {
        return requests.stream().map(Meshes::text).toList();
    }

    private static String text(DeltaDiscoveryRequest request) {
        if (!request.getResponseNonce().isEmpty()) {
            return request.hasErrorDetail()
                ? "nack " + request.getResponseNonce() + ": " + request.getErrorDetail().getMessage()
                : "ack " + request.getResponseNonce();
        }
        List<String> parts = new ArrayList<>();
        parts.add(ResourceType.ofUrl(request.getTypeUrl()).orElseThrow().shortName());
        request.getResourceNamesSubscribeList().forEach(name -> parts.add("+" + name));
        request.getResourceNamesUnsubscribeList().forEach(name -> parts.add("-" + name));
        Map<String, String> held = request.getInitialResourceVersionsMap();
        if (!held.isEmpty()) {
            parts.add(held.entrySet().stream()
                .map(h -> h.getKey() + (h.getValue().equals("not applied") ? "?" : ""))
                .sorted().toList().toString());
        }
        return String.join(" ", parts);
    }

    static List<String> acks(MeshSnapshot mesh, ResourceType... types) {
        return Arrays.stream(types).map(type -> "ack " + type.shortName() + "@" + mesh.version()).toList();
    }
}
