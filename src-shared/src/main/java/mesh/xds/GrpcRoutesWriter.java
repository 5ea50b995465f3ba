package mesh.xds;

import io.envoyproxy.envoy.config.route.v3.NonForwardingAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import mesh.model.MeshSnapshot;
import mesh.model.RetryPolicy;
import mesh.model.Route.Prefix;
import mesh.model.Route.ToCluster;
import mesh.model.RouteTable;
import mesh.model.Timeouts;

/**
 * How a gRPC client routes what it calls under a name. A route's timeouts mean nothing to it, because a call has a deadline. Retries are left
 * out: gRPC repeats by itself what a server provably has not begun, and more must not be repeated of methods that all are POST.
 */
final class GrpcRoutesWriter implements ResourceWriter<RouteTable, RouteConfiguration> {

    /** Of names that people did not give. */
    private static final String IMPLICIT = "@";

    private final RouteTableCodec proxies = new RouteTableCodec();

    @Override
    public Set<String> names(MeshSnapshot snapshot) {
        Set<String> names = new LinkedHashSet<>(snapshot.routeTables().keySet());
        names.removeIf(name -> name.startsWith(IMPLICIT));
        snapshot.clusters().values().stream().filter(GrpcClusterWriter::isCallable).forEach(cluster -> names.add(cluster.name()));
        return names;
    }

    boolean has(MeshSnapshot snapshot, String name) {
        return table(snapshot, name).isPresent() || GrpcClusterWriter.isCallable(snapshot.clusters().get(name));
    }

    private static Optional<RouteTable> table(MeshSnapshot snapshot, String name) {
        return name.startsWith(IMPLICIT) ? Optional.empty() : Optional.ofNullable(snapshot.routeTables().get(name));
    }

    @Override
    public RouteTable find(MeshSnapshot snapshot, String name) {
        return has(snapshot, name) ? table(snapshot, name).orElseGet(() -> toCluster(name)) : null;
    }

    private static RouteTable toCluster(String name) {
        return RouteTable.toCluster(name, new mesh.model.Route(name, new Prefix("/"), new ToCluster(name), Optional.empty(),
            Timeouts.DEFAULT, RetryPolicy.NONE));
    }

    @Override
    public RouteConfiguration encode(RouteTable table, MeshSnapshot snapshot) {
        RouteTable told = withoutStrangers(table.listed());
        RouteConfiguration.Builder message = proxies.encode(told, snapshot).toBuilder();
        for (int h = 0; h < message.getVirtualHostsCount(); h++) {
            VirtualHost.Builder host = message.getVirtualHostsBuilder(h);
            for (int r = 0; r < host.getRoutesCount(); r++) {
                mesh.model.Route model = told.virtualHosts().get(h).routes().get(r);
                Route.Builder route = host.getRoutesBuilder(r).setMatch(GrpcRouteMatches.encode(model));
                // Which it has no filters for, and refuses the whole table.
                route.clearTypedPerFilterConfig();
                if (route.hasDirectResponse() || route.hasRedirect() || GrpcRouteMatches.cannotBeDecided(model.conditions())) {
                    // The first two no gRPC client has, and refuses the whole table for. So a call of this route fails, and goes to no later one.
                    route.setNonForwardingAction(NonForwardingAction.getDefaultInstance());
                } else {
                    route.getRouteBuilder().clearRetryPolicy().clearHashPolicy().addAllHashPolicy(HashPolicies.encodeForGrpc(model.hash()));
                }
            }
        }
        return message.build();
    }

    /** Without the routes that no gRPC call matches. */
    private static RouteTable withoutStrangers(RouteTable table) {
        return new RouteTable(table.name(), table.virtualHosts().stream().map(host -> new mesh.model.VirtualHost(host.name(), host.hosts(),
            host.routes().stream().filter(route -> !GrpcRouteMatches.matchesNoCall(route.conditions())).toList(),
            host.requestHeaders(), host.responseHeaders())).toList());
    }
}
