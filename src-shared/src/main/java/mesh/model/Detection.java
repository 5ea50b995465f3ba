package mesh.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a listener does with clients that turn out not to speak HTTP, by their first bytes.
 *
 * @param cluster          where those go of which nothing better is known
 * @param tls              where connections go that begin with TLS, by the name that they ask for; passed through as they are. The first that has it
 * @param serverFirstPorts whoever calls these waits for the server to speak, and is asked nothing; sorted, not empty
 */
public record Detection(String cluster, List<TlsRoute> tls, Set<Integer> serverFirstPorts) {

    /** Linkerd's default opaque ports: SMTP, MySQL, Galera, PostgreSQL, Redis, Elasticsearch, memcached. */
    public static final Set<Integer> SERVER_FIRST = Set.of(25, 587, 3306, 4444, 5432, 6379, 9300, 11211);

    private static final int MOST = 256;

    /**
     * Where TLS of some names goes.
     *
     * @param names   of servers: {@code shop.example}, or {@code *.shop.example} for all below it; in lower case
     * @param cluster the cluster's name
     */
    public record TlsRoute(List<String> names, String cluster) {
        public TlsRoute {
            Checks.name("tls route cluster", cluster);
            if (names.isEmpty() || names.size() > MOST) throw new IllegalArgumentException("tls route: " + names.size() + " names (expected: 1 to " + MOST + ")");
            names = names.stream().map(each -> each.toLowerCase(Locale.ROOT)).toList();
            for (String name : names) {
                if (!name.matches("(\\*\\.)?[a-z0-9_-]{1,63}(\\.[a-z0-9_-]{1,63}){0,10}")) {
                    throw new IllegalArgumentException("\"" + name + "\" (expected: a server's name, such as shop.example or *.shop.example)");
                }
            }
        }
    }

    public Detection {
        Checks.name("listener cluster", cluster);
        tls = List.copyOf(tls);
        if (serverFirstPorts.isEmpty() || serverFirstPorts.size() > MOST || serverFirstPorts.stream().anyMatch(port -> port < 1 || port > 65535)) {
            throw new IllegalArgumentException("server first ports: " + new TreeSet<>(serverFirstPorts) + " (expected: 1 to " + MOST + " ports)");
        }
        serverFirstPorts = Set.copyOf(serverFirstPorts);
    }

    /** Each that it names. */
    public List<String> clusters() {
        List<String> clusters = new ArrayList<>(List.of(cluster));
        tls.forEach(route -> clusters.add(route.cluster()));
        return clusters;
    }
}
