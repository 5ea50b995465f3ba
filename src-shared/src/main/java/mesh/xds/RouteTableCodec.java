package mesh.xds;

import com.google.protobuf.Any;
import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import mesh.model.HashPolicy;
import mesh.model.HedgePolicy;
import mesh.model.MeshSnapshot;
import mesh.model.RateLimit;
import mesh.model.RequestMatch;
import mesh.model.RetryPolicy;
import mesh.model.Route.Action;
import mesh.model.Route.DirectReply;
import mesh.model.Route.PathMatch;
import mesh.model.Route.Redirect;
import mesh.model.Route.ToCluster;
import mesh.model.Route.ToWeightedClusters;
import mesh.model.RouteFilters;
import mesh.model.RouteLimits;
import mesh.model.RouteTable;
import mesh.model.Timeouts;
import mesh.v1.RoutePolicy;

/** Virtual hosts and their routes, in the order in which they are tried. */
final class RouteTableCodec implements ResourceCodec<RouteTable, RouteConfiguration> {

    /** Envoy answers directly with at most this many bytes unless told otherwise. */
    private static final int ENVOY_BODY_LIMIT = 4096;

    private static final Set<String> TABLE_FIELDS =
        Set.of("name", "virtual_hosts", "validate_clusters", "max_direct_response_body_size_bytes", "ignore_port_in_host_matching", "metadata");
    private static final Set<String> HOST_FIELDS =
        FilterFields.and(FilterFields.OF_HEADERS, Set.of("name", "domains", "routes", "include_request_attempt_count", "metadata"));
    private static final Set<String> ROUTE_FIELDS = FilterFields.and(FilterFields.OF_HEADERS, Set.of("name", "match", "route", "redirect",
        "direct_response", "metadata", "decorator", "stat_prefix", "typed_per_filter_config"));
    private static final Set<String> ACTION_FIELDS = FilterFields.and(FilterFields.OF_ACTION,
        Set.of("cluster", "weighted_clusters", "host_rewrite_literal", "timeout", "idle_timeout", "max_stream_duration",
            "retry_policy", "hash_policy"));

    @Override
    public Class<RouteConfiguration> wireType() {
        return RouteConfiguration.class;
    }

    @Override
    public Set<String> names(MeshSnapshot snapshot) {
        return snapshot.routeTables().keySet();
    }

    @Override
    public RouteTable find(MeshSnapshot snapshot, String name) {
        return snapshot.routeTables().get(name);
    }

    @Override
    public String name(RouteConfiguration message) {
        return message.getName();
    }

    @Override
    public RouteConfiguration encode(RouteTable table, MeshSnapshot snapshot) {
        RouteConfiguration.Builder message = RouteConfiguration.newBuilder().setName(table.name());
        int longestBody = 0;
        boolean ports = false;
        for (mesh.model.VirtualHost host : table.listed().virtualHosts()) {
            VirtualHost.Builder virtualHost = VirtualHost.newBuilder().setName(host.name()).addAllDomains(host.hosts());
            FilterFields.encode(host, virtualHost);
            ports |= host.hosts().stream().anyMatch(h -> h.indexOf(':') >= 0);
            for (mesh.model.Route route : host.routes()) {
                virtualHost.addRoutes(encode(route));
                if (route.action() instanceof DirectReply reply) {
                    longestBody = Math.max(longestBody, reply.body().getBytes(StandardCharsets.UTF_8).length);
                }
            }
            message.addVirtualHosts(virtualHost);
        }
        // A host without a port matches any port here; in an Envoy only so, and then one with a port never would.
        message.setIgnorePortInHostMatching(!ports);
        if (longestBody > ENVOY_BODY_LIMIT) {
            message.setMaxDirectResponseBodySizeBytes(UInt32Value.of(longestBody));
        }
        return message.build();
    }

    private static Route encode(mesh.model.Route route) {
        Route.Builder message = Route.newBuilder().setName(route.name()).setMatch(RouteMatches.encode(route.match(), route.conditions()));
        route.limits().rate().ifPresent(rate -> message.putTypedPerFilterConfig(RateLimits.FILTER, Wire.pack(RateLimits.encode(rate))));
        FilterFields.encode(route.filters(), message);
        RoutePolicy policy = policy(route);
        if (!policy.equals(RoutePolicy.getDefaultInstance())) {
            message.setMetadata(MeshPolicy.encode(policy));
        }
        if (route.action() instanceof DirectReply reply) {
            // What a route says of hosts, timeouts and retries has no meaning without an upstream, so it is not sent.
            return message.setDirectResponse(DirectResponseAction.newBuilder()
                .setStatus(reply.status())
                .setBody(DataSource.newBuilder().setInlineString(reply.body()))).build();
        }
        if (route.action() instanceof Redirect redirect) {
            return message.setRedirect(Redirects.encode(redirect, route.match())).build();
        }
        RouteAction.Builder action = RouteAction.newBuilder();
        RouteTimeouts.encode(route.timeouts(), action);
        if (route.action() instanceof ToCluster to) {
            action.setCluster(to.cluster());
        } else if (route.action() instanceof ToWeightedClusters to) {
            WeightedCluster.Builder clusters = WeightedCluster.newBuilder();
            to.clusters().forEach(c -> clusters.addClusters(
                WeightedCluster.ClusterWeight.newBuilder().setName(c.cluster()).setWeight(Wire.uint32(c.weight()))));
            action.setWeightedClusters(clusters);
        }
        FilterFields.encode(route.filters(), route.match(), action);
        route.hostRewrite().ifPresent(action::setHostRewriteLiteral);
        route.hash().forEach(each -> action.addHashPolicy(HashPolicies.encode(each)));
        if (!route.retry().equals(RetryPolicy.NONE)) {
            action.setRetryPolicy(RetryPolicies.encode(route.retry()));
        }
        return message.setRoute(action).build();
    }

    /** What only our sidecars know. */
    private static RoutePolicy policy(mesh.model.Route route) {
        RoutePolicy.Builder policy = RoutePolicy.newBuilder().setMaxBodyBytes(route.limits().maxBodyBytes());
        if (route.action() instanceof ToCluster || route.action() instanceof ToWeightedClusters) {
            route.hedge().ifPresent(hedge -> policy.setHedge(HedgePolicies.encode(hedge)));
        }
        return policy.build();
    }

    @Override
    public RouteTable decode(RouteConfiguration message, Reading reading) {
        reading.only(message, TABLE_FIELDS);
        List<mesh.model.VirtualHost> hosts = new ArrayList<>();
        for (int i = 0; i < message.getVirtualHostsCount(); i++) {
            mesh.model.VirtualHost host = decode(message.getVirtualHosts(i), reading.at("virtual_hosts", i));
            if (host != null) {
                hosts.add(host);
            }
        }
        return reading.clean() ? reading.check(() -> new RouteTable(message.getName(), hosts)) : null;
    }

    private static mesh.model.VirtualHost decode(VirtualHost message, Reading reading) {
        reading.only(message, HOST_FIELDS);
        List<mesh.model.Route> routes = new ArrayList<>();
        for (int i = 0; i < message.getRoutesCount(); i++) {
            Route route = message.getRoutes(i);
            String name = route.getName().isEmpty() ? message.getName() + "-" + i : route.getName();
            mesh.model.Route decoded = decode(route, name, reading.at("routes", i));
            if (decoded != null) {
                routes.add(decoded);
            }
        }
        return reading.check(() -> new mesh.model.VirtualHost(message.getName(), message.getDomainsList(), routes,
            FilterFields.requestHeaders(message, reading), FilterFields.responseHeaders(message, reading)));
    }

    private static mesh.model.Route decode(Route message, String name, Reading reading) {
        reading.only(message, ROUTE_FIELDS);
        PathMatch match = RouteMatches.decodePath(message.getMatch(), reading.at("match"));
        RequestMatch conditions = RouteMatches.decodeConditions(message.getMatch(), reading.at("match"));
        RoutePolicy policy = MeshPolicy.decode(message.getMetadata(), RoutePolicy.newBuilder(), reading).build();
        RouteLimits limits = limits(message, policy, reading);
        RouteFilters filters = FilterFields.decode(message, match, reading);
        if (message.hasDirectResponse() || message.hasRedirect()) {
            Action answer = message.hasRedirect() ? Redirects.decode(message.getRedirect(), match, reading.at("redirect"))
                : reply(message.getDirectResponse(), reading.at("direct_response"));
            return match == null || conditions == null || answer == null ? null : reading.check(() ->
                new mesh.model.Route(name, match, answer, Optional.empty(), Timeouts.DEFAULT, RetryPolicy.NONE, limits)
                    .withConditions(conditions).withFilters(filters));
        }
        if (!message.hasRoute()) {
            reading.problem("has no action (expected: route, redirect or direct_response)");
            return null;
        }
        RouteAction route = message.getRoute();
        Reading at = reading.at("route");
        at.only(route, ACTION_FIELDS);
        Action action = action(route, at);
        Optional<String> hostRewrite = Optional.of(route.getHostRewriteLiteral()).filter(host -> !host.isEmpty());
        Timeouts timeouts = RouteTimeouts.decode(route, at);
        RetryPolicy retry = route.hasRetryPolicy() ? RetryPolicies.decode(route.getRetryPolicy(), at.at("retry_policy")) : RetryPolicy.NONE;
        Optional<HedgePolicy> hedge = policy.hasHedge()
            ? Optional.ofNullable(HedgePolicies.decode(policy.getHedge(), MeshPolicy.at(reading).at("hedge"))) : Optional.empty();
        List<HashPolicy> hash = HashPolicies.decode(route.getHashPolicyList(), at);
        return match == null || conditions == null || action == null ? null
            : reading.check(() -> new mesh.model.Route(name, match, action, hostRewrite, timeouts, retry, limits)
                .withConditions(conditions).withHedge(hedge).withFilters(filters).withHash(hash));
    }

    private static RouteLimits limits(Route message, RoutePolicy policy, Reading reading) {
        Reading at = reading.at("typed_per_filter_config");
        RateLimit rate = null;
        for (Map.Entry<String, Any> config : message.getTypedPerFilterConfigMap().entrySet()) {
            if (config.getKey().equals(RateLimits.FILTER)) rate = RateLimits.decode(config.getValue(), at.at(config.getKey()));
            else if (!FilterFields.FILTERS.contains(config.getKey())) {
                at.unexpected(config.getKey(), RateLimits.FILTER + ", " + CorsPolicies.FILTER + " or " + Faults.FILTER);
            }
        }
        Optional<RateLimit> limit = Optional.ofNullable(rate);
        return MeshPolicy.at(reading).check(() -> new RouteLimits(limit, policy.getMaxBodyBytes()));
    }

    private static DirectReply reply(DirectResponseAction message, Reading reading) {
        reading.only(message, Set.of("status", "body"));
        if (message.hasBody() && !message.getBody().hasInlineString()) {
            reading.at("body").problem("is not an inline string (expected: inline_string)");
        }
        return reading.check(() -> new DirectReply(message.getStatus(), message.getBody().getInlineString()));
    }

    private static Action action(RouteAction route, Reading reading) {
        if (!route.hasWeightedClusters()) {
            return reading.check(() -> new ToCluster(route.getCluster()));
        }
        Reading at = reading.at("weighted_clusters");
        at.only(route.getWeightedClusters(), Set.of("clusters"));
        List<mesh.model.Route.WeightedCluster> clusters = new ArrayList<>();
        for (int i = 0; i < route.getWeightedClusters().getClustersCount(); i++) {
            WeightedCluster.ClusterWeight cluster = route.getWeightedClusters().getClusters(i);
            Reading in = at.at("clusters", i);
            in.only(cluster, Set.of("name", "weight"));
            var decoded = in.check(() -> new mesh.model.Route.WeightedCluster(cluster.getName(), cluster.getWeight().getValue()));
            if (decoded != null) {
                clusters.add(decoded);
            }
        }
        return at.check(() -> new ToWeightedClusters(clusters));
    }
}
