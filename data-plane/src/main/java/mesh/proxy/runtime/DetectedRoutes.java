package mesh.proxy.runtime;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import mesh.model.Detection;
import mesh.proxy.runtime.ListenerTable.Tcp;
import mesh.proxy.upstream.UpstreamCluster;

/** Where a listener that finds out what its clients speak sends those that do not speak HTTP. Immutable; any event loop. */
public final class DetectedRoutes {

    private record Below(String suffix, Tcp to) {}

    private final Tcp other;
    private final Map<String, Tcp> named = new HashMap<>();
    private final List<Below> below = new ArrayList<>();
    private final Set<Integer> serverFirst;

    DetectedRoutes(Detection model, Map<String, UpstreamCluster> clusters) {
        other = new Tcp(clusters.get(model.cluster()), null);
        serverFirst = model.serverFirstPorts();
        for (Detection.TlsRoute route : model.tls()) {
            Tcp to = new Tcp(clusters.get(route.cluster()), null);
            for (String name : route.names()) {
                if (name.startsWith("*")) below.add(new Below(name.substring(1), to));
                else named.putIfAbsent(name, to);
            }
        }
        // As in Envoy, the longest. A sort that is stable leaves the first of those that are alike.
        below.sort((a, b) -> Integer.compare(b.suffix.length(), a.suffix.length()));
    }

    /** For what is neither HTTP nor TLS of a name. */
    public Tcp other() {
        return other;
    }

    /** @param serverName in lower case; "" for none */
    public Tcp ofTls(String serverName) {
        Tcp found = named.get(serverName);
        if (found != null) return found;
        for (Below each : below) {
            if (serverName.length() > each.suffix.length() && serverName.endsWith(each.suffix)) return each.to;
        }
        return other;
    }

    /** Whether whoever calls that port waits for the server to speak. */
    public boolean isServerFirst(int port) {
        return serverFirst.contains(port);
    }
}
