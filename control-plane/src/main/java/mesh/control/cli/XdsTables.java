package mesh.control.cli;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.admin.v3.ClientResourceStatus;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.envoyproxy.envoy.service.status.v3.ClientConfig.GenericXdsConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import mesh.control.cli.ProxyConfigCommand.Kind;

/** Resources as lines of a table, each kind with what people look for in it. */
final class XdsTables {

    private XdsTables() {}

    static List<String> head(Kind kind) {
        return switch (kind) {
            case listeners -> List.of("NAME", "ADDRESS", "LEADS TO", "TLS", "VERSION", "STATE");
            case routes -> List.of("TABLE", "HOSTS", "ROUTE", "MATCH", "TO", "STATE");
            case clusters -> List.of("NAME", "BALANCER", "TLS", "VERSION", "STATE");
            case endpoints -> List.of("CLUSTER", "ADDRESS", "WEIGHT", "PRIORITY", "HEALTH", "STATE");
            case secrets -> List.of("NAME", "VERSION", "STATE");
        };
    }

    /** One line a resource; of routes and endpoints one each. */
    static List<List<String>> rows(Kind kind, GenericXdsConfig config) {
        String state = state(config);
        if (!config.hasXdsConfig()) {
            List<String> row = new ArrayList<>(List.of(config.getName()));
            while (row.size() < head(kind).size() - 1) {
                row.add("-");
            }
            row.add(state);
            return List.of(row);
        }
        Any body = config.getXdsConfig();
        try {
            return switch (kind) {
                case listeners -> List.of(listener(body.unpack(Listener.class), config.getVersionInfo(), state));
                case routes -> routes(body.unpack(RouteConfiguration.class), state);
                case clusters -> List.of(cluster(body.unpack(Cluster.class), config.getVersionInfo(), state));
                case endpoints -> endpoints(body.unpack(ClusterLoadAssignment.class), state);
                case secrets -> List.of(List.of(config.getName(), config.getVersionInfo(), state));
            };
        } catch (InvalidProtocolBufferException e) {
            throw new CommandFailure(config.getName() + ": cannot be read: " + e.getMessage());
        }
    }

    private static String state(GenericXdsConfig config) {
        return config.getClientStatus() == ClientResourceStatus.DOES_NOT_EXIST ? "unknown" : config.getClientStatus().name().toLowerCase(Locale.ROOT);
    }

    private static List<String> listener(Listener listener, String version, String state) throws InvalidProtocolBufferException {
        if (listener.hasApiListener()) {
            HttpConnectionManager manager = listener.getApiListener().getApiListener().unpack(HttpConnectionManager.class);
            return List.of(listener.getName(), "no socket", "routes " + manager.getRds().getRouteConfigName(), "-", version, state);
        }
        boolean tls = listener.getFilterChainsList().stream().anyMatch(FilterChain::hasTransportSocket);
        return List.of(listener.getName(), address(listener.getAddress()), leadsTo(listener), tls ? "mTLS" : "-", version, state);
    }

    private static String leadsTo(Listener listener) throws InvalidProtocolBufferException {
        for (FilterChain chain : listener.getFilterChainsList()) {
            for (Filter filter : chain.getFiltersList()) {
                if (filter.getTypedConfig().is(HttpConnectionManager.class)) {
                    return "routes " + filter.getTypedConfig().unpack(HttpConnectionManager.class).getRds().getRouteConfigName();
                }
                if (filter.getTypedConfig().is(TcpProxy.class)) {
                    return "cluster " + filter.getTypedConfig().unpack(TcpProxy.class).getCluster();
                }
            }
        }
        return "-";
    }

    private static List<List<String>> routes(RouteConfiguration table, String state) {
        List<List<String>> rows = new ArrayList<>();
        for (VirtualHost host : table.getVirtualHostsList()) {
            for (Route route : host.getRoutesList()) {
                rows.add(List.of(table.getName(), String.join(" ", host.getDomainsList()), route.getName(), match(route.getMatch()), to(route), state));
            }
        }
        return rows;
    }

    private static String match(RouteMatch match) {
        String path = switch (match.getPathSpecifierCase()) {
            case PATH -> match.getPath();
            case PREFIX -> match.getPrefix() + "*";
            case PATH_SEPARATED_PREFIX -> match.getPathSeparatedPrefix() + "/*";
            case SAFE_REGEX -> "~" + match.getSafeRegex().getRegex();
            default -> "-";
        };
        int conditions = match.getHeadersCount() + match.getQueryParametersCount();
        return conditions == 0 ? path : path + " and " + conditions + (conditions == 1 ? " condition" : " conditions");
    }

    private static String to(Route route) {
        return switch (route.getActionCase()) {
            case ROUTE -> route.getRoute().hasWeightedClusters()
                ? route.getRoute().getWeightedClusters().getClustersList().stream()
                    .map(each -> each.getName() + " " + each.getWeight().getValue()).collect(Collectors.joining(", "))
                : route.getRoute().getCluster();
            case DIRECT_RESPONSE -> "reply " + route.getDirectResponse().getStatus();
            case REDIRECT -> "redirect";
            case NON_FORWARDING_ACTION -> "fails";
            default -> "-";
        };
    }

    private static List<String> cluster(Cluster cluster, String version, String state) {
        boolean tls = cluster.hasTransportSocket() || cluster.getTransportSocketMatchesCount() > 0;
        return List.of(cluster.getName(), cluster.getLbPolicy().name().toLowerCase(Locale.ROOT), tls ? "mTLS" : "-", version, state);
    }

    private static List<List<String>> endpoints(ClusterLoadAssignment set, String state) {
        List<List<String>> rows = new ArrayList<>();
        for (LocalityLbEndpoints group : set.getEndpointsList()) {
            for (LbEndpoint endpoint : group.getLbEndpointsList()) {
                // A gRPC client has the weights on the groups.
                long weight = endpoint.hasLoadBalancingWeight() ? endpoint.getLoadBalancingWeight().getValue()
                    : Math.max(1, group.getLoadBalancingWeight().getValue() / group.getLbEndpointsCount());
                rows.add(List.of(set.getClusterName(), address(endpoint.getEndpoint().getAddress()), Long.toString(weight),
                    Integer.toString(group.getPriority()), endpoint.getHealthStatus().name().toLowerCase(Locale.ROOT), state));
            }
        }
        if (rows.isEmpty()) {
            rows.add(List.of(set.getClusterName(), "none", "-", "-", "-", state));
        }
        return rows;
    }

    private static String address(Address address) {
        if (address.hasPipe()) {
            return "unix:" + address.getPipe().getPath();
        }
        SocketAddress socket = address.getSocketAddress();
        String host = socket.getAddress();
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + socket.getPortValue();
    }
}
