package mesh.xds;

import com.google.protobuf.BoolValue;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.FilterChainMatch;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilter;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilterChainMatchPredicate;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilterChainMatchPredicate.MatchSet;
import io.envoyproxy.envoy.extensions.filters.listener.http_inspector.v3.HttpInspector;
import io.envoyproxy.envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.envoyproxy.envoy.type.v3.Int32Range;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import mesh.model.Detection;
import mesh.model.Detection.TlsRoute;

/**
 * A listener that finds out what its clients speak, in Envoy's words: its inspectors, a filter chain for each name that TLS may ask for, one for HTTP
 * and one for the rest. Ports whose servers speak first are those that the inspectors leave alone.
 */
final class Detections {

    private static final String TCP = "envoy.filters.network.tcp_proxy";
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final FilterChainMatch HTTP = FilterChainMatch.newBuilder().setTransportProtocol("raw_buffer")
        .addAllApplicationProtocols(List.of("http/1.0", "http/1.1", "h2c")).build();

    private Detections() {}

    /** @param listener has one chain, for HTTP */
    static void encode(Detection detection, Listener.Builder listener) {
        FilterChain http = listener.getFilterChains(0).toBuilder().setName("http").setFilterChainMatch(HTTP).build();
        listener.clearFilterChains();
        for (int i = 0; i < detection.tls().size(); i++) {
            TlsRoute route = detection.tls().get(i);
            listener.addFilterChains(like(http, "tls-" + i, route.cluster())
                .setFilterChainMatch(FilterChainMatch.newBuilder().setTransportProtocol("tls").addAllServerNames(route.names())));
        }
        listener.addFilterChains(http).setDefaultFilterChain(like(http, "other", detection.cluster()));
        ListenerFilterChainMatchPredicate left = predicate(new TreeSet<>(detection.serverFirstPorts()));
        listener.addListenerFilters(ListenerFilter.newBuilder().setName("envoy.filters.listener.tls_inspector").setFilterDisabled(left)
            .setTypedConfig(Wire.pack(TlsInspector.getDefaultInstance())));
        listener.addListenerFilters(ListenerFilter.newBuilder().setName("envoy.filters.listener.http_inspector").setFilterDisabled(left)
            .setTypedConfig(Wire.pack(HttpInspector.getDefaultInstance())));
        listener.setListenerFiltersTimeout(Wire.duration(PATIENCE)).setContinueOnListenerFiltersTimeout(true);
    }

    /** The limit of connections, where there is one, is of all chains. */
    private static FilterChain.Builder like(FilterChain http, String name, String cluster) {
        FilterChain.Builder chain = FilterChain.newBuilder().setName(name);
        chain.addAllFilters(http.getFiltersList().subList(0, Math.max(0, http.getFiltersCount() - 1)));
        return chain.addFilters(Filter.newBuilder().setName(TCP)
            .setTypedConfig(Wire.pack(TcpProxy.newBuilder().setStatPrefix(name).setCluster(cluster).build())));
    }

    private static ListenerFilterChainMatchPredicate predicate(Set<Integer> ports) {
        List<ListenerFilterChainMatchPredicate> each = ports.stream().map(port -> ListenerFilterChainMatchPredicate.newBuilder()
            .setDestinationPortRange(Int32Range.newBuilder().setStart(port).setEnd(port + 1)).build()).toList();
        return each.size() == 1 ? each.get(0)
            : ListenerFilterChainMatchPredicate.newBuilder().setOrMatch(MatchSet.newBuilder().addAllRules(each)).build();
    }

    /** Whether it looks for HTTP among other things. */
    static boolean is(Listener listener) {
        return listener.getListenerFiltersCount() == 2 && listener.hasDefaultFilterChain()
            && listener.getListenerFilters(0).getTypedConfig().is(TlsInspector.class)
            && listener.getListenerFilters(1).getTypedConfig().is(HttpInspector.class);
    }

    /** Of such a listener what it would be if everybody spoke HTTP. */
    static Listener httpOnly(Listener listener) {
        Listener.Builder http = listener.toBuilder().clearListenerFilters().clearDefaultFilterChain().clearFilterChains()
            .clearListenerFiltersTimeout().clearContinueOnListenerFiltersTimeout();
        listener.getFilterChainsList().stream().filter(chain -> chain.getFilterChainMatch().equals(HTTP))
            .forEach(chain -> http.addFilterChains(chain.toBuilder().clearFilterChainMatch()));
        return http.build();
    }

    /** Null when there were problems. What is read is what would be written again, names aside, and nothing else. */
    static Detection decode(Listener listener, Reading reading) {
        List<TlsRoute> tls = new ArrayList<>();
        for (int i = 0; i < listener.getFilterChainsCount(); i++) {
            FilterChain chain = listener.getFilterChains(i);
            if (chain.getFilterChainMatch().equals(HTTP)) continue;
            Reading at = reading.at("filter_chains", i);
            String cluster = cluster(chain, at);
            TlsRoute route = cluster == null ? null : at.at("filter_chain_match").check(() -> new TlsRoute(chain.getFilterChainMatch().getServerNamesList(), cluster));
            if (route != null) tls.add(route);
        }
        String other = cluster(listener.getDefaultFilterChain(), reading.at("default_filter_chain"));
        Detection detection = reading.clean() ? reading.check(() -> new Detection(other, tls, ports(listener))) : null;
        if (detection == null) return null;
        Listener.Builder again = httpOnly(listener).toBuilder();
        if (again.getFilterChainsCount() != 1) {
            reading.at("filter_chains").problem("has " + again.getFilterChainsCount() + " chains for " + HTTP.getApplicationProtocolsList() + " (expected: one)");
            return null;
        }
        encode(detection, again);
        if (!unnamed(again.build()).equals(unnamed(listener))) {
            reading.at("filter_chains").problem("choose by something else (expected: server_names for tls, application_protocols "
                + HTTP.getApplicationProtocolsList() + " for raw_buffer, and a default; inspectors alike, listener_filters_timeout 1s, and going on after it)");
            return null;
        }
        return detection;
    }

    private static Set<Integer> ports(Listener listener) {
        ListenerFilterChainMatchPredicate left = listener.getListenerFilters(0).getFilterDisabled();
        Set<Integer> ports = new TreeSet<>();
        for (ListenerFilterChainMatchPredicate each : left.hasOrMatch() ? left.getOrMatch().getRulesList() : List.of(left)) {
            ports.add(each.getDestinationPortRange().getStart());
        }
        return ports;
    }

    private static String cluster(FilterChain chain, Reading reading) {
        int last = chain.getFiltersCount() - 1;
        Reading at = reading.at("filters", Math.max(0, last)).at("typed_config");
        TcpProxy proxy = last < 0 ? null : at.unpack(chain.getFilters(last).getTypedConfig(), TcpProxy.class);
        if (last < 0) reading.at("filters").problem("has no filter (expected: " + TCP + ")");
        if (proxy == null) return null;
        at.only(proxy, Set.of("stat_prefix", "cluster"));
        return proxy.getCluster();
    }

    /** Without what is a name only. */
    private static Listener unnamed(Listener listener) {
        Listener.Builder copy = listener.toBuilder();
        for (int i = 0; i < copy.getFilterChainsCount(); i++) copy.setFilterChains(i, unnamed(copy.getFilterChains(i)));
        copy.setDefaultFilterChain(unnamed(copy.getDefaultFilterChain()));
        copy.getListenerFiltersBuilderList().forEach(ListenerFilter.Builder::clearName);
        return copy.build();
    }

    private static FilterChain unnamed(FilterChain chain) {
        FilterChain.Builder copy = chain.toBuilder().clearName();
        int last = chain.getFiltersCount() - 1;
        if (last < 0 || !chain.getFilters(last).getTypedConfig().is(TcpProxy.class)) return copy.build();
        try {
            TcpProxy proxy = chain.getFilters(last).getTypedConfig().unpack(TcpProxy.class).toBuilder().clearStatPrefix().build();
            return copy.setFilters(last, Filter.newBuilder().setTypedConfig(Wire.pack(proxy))).build();
        } catch (com.google.protobuf.InvalidProtocolBufferException e) {
            throw new IllegalStateException("what was read is readable", e);
        }
    }
}
