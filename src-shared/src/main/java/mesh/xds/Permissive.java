package mesh.xds;

import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.FilterChainMatch;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilter;
import io.envoyproxy.envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector;

/** A listener that takes TLS and plaintext on one port: its chain twice, once without TLS, chosen by the first bytes (Envoy's TLS inspector). */
final class Permissive {

    private static final String INSPECTOR = "envoy.filters.listener.tls_inspector";
    private static final FilterChainMatch TLS = FilterChainMatch.newBuilder().setTransportProtocol("tls").build();
    private static final FilterChainMatch PLAINTEXT = FilterChainMatch.newBuilder().setTransportProtocol("raw_buffer").build();

    private Permissive() {}

    /** @param listener has one chain, with TLS */
    static void encode(Listener.Builder listener) {
        FilterChain plaintext = withoutTls(listener.getFilterChains(0));
        listener.getFilterChainsBuilder(0).setName("tls").setFilterChainMatch(TLS);
        listener.addFilterChains(plaintext);
        listener.addListenerFilters(ListenerFilter.newBuilder().setName(INSPECTOR).setTypedConfig(Wire.pack(TlsInspector.getDefaultInstance())));
    }

    private static FilterChain withoutTls(FilterChain chain) {
        return chain.toBuilder().setName("plaintext").setFilterChainMatch(PLAINTEXT).clearTransportSocket().build();
    }

    /** Of such a listener what it would be if it were strict. */
    static Listener tlsOnly(Listener listener) {
        Listener.Builder strict = listener.toBuilder().clearListenerFilters().removeFilterChains(1);
        strict.getFilterChainsBuilder(0).clearFilterChainMatch();
        return strict.build();
    }

    /** Whether it is such a listener, its names aside. */
    static boolean is(Listener listener) {
        if (listener.getFilterChainsCount() != 2) return false;
        FilterChain tls = listener.getFilterChains(0);
        FilterChain plaintext = listener.getFilterChains(1).toBuilder().setName("plaintext").build();
        boolean inspected = listener.getListenerFiltersCount() == 1 && listener.getListenerFilters(0).getTypedConfig().is(TlsInspector.class);
        return inspected && tls.hasTransportSocket() && tls.getFilterChainMatch().equals(TLS) && plaintext.equals(withoutTls(tls));
    }
}
