package mesh.control.discovery;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import mesh.model.Address;
import mesh.model.Endpoint;
import mesh.model.EndpointDiscovery;
import mesh.model.EndpointHealth;

/** Records as endpoints. A pure function. */
final class DnsEndpoints {

    /** Of one cluster. */
    static final int MOST = 1000;

    private static final Comparator<Endpoint> ORDER = Comparator.comparingInt(Endpoint::priority).thenComparing(Endpoint::address);

    private DnsEndpoints() {}

    /**
     * An A or AAAA record.
     *
     * @param ttl in seconds
     */
    record HostAddress(String text, long ttl) {}

    /** A host and the addresses that it has. */
    record Host(String name, List<HostAddress> addresses) {}

    /**
     * A SRV record.
     *
     * @param priority the lowest gets requests
     * @param weight   0 to 65535; 0 means hardly any beside others
     * @param target   a host; "." says that there is no such service
     * @param ttl      in seconds
     */
    record Service(int priority, int weight, int port, String target, long ttl) {}

    static DnsAnswer of(EndpointDiscovery.Dns what, List<HostAddress> addresses) {
        List<Endpoint> endpoints = new ArrayList<>();
        addresses.forEach(address -> endpoints.add(endpoint(what, address, what.port(), 1, 0)));
        return answer(endpoints, addresses.stream().mapToLong(HostAddress::ttl).min().orElse(0));
    }

    /** Each address of a host has the weight of the host. Priorities are counted from 0, as endpoints have them: what matters is their order. */
    static DnsAnswer of(EndpointDiscovery.Dns what, List<Service> services, List<Host> hosts) {
        List<Integer> levels = new ArrayList<>(new TreeSet<>(services.stream().map(Service::priority).toList()));
        Map<String, List<HostAddress>> byName = hosts.stream().collect(Collectors.toMap(Host::name, Host::addresses));
        List<Endpoint> endpoints = new ArrayList<>();
        long ttl = services.stream().mapToLong(Service::ttl).min().orElse(0);
        for (Service service : services) {
            int level = Math.min(levels.indexOf(service.priority), Endpoint.LAST_PRIORITY);
            for (HostAddress address : byName.getOrDefault(service.target, List.of())) {
                ttl = Math.min(ttl, address.ttl);
                // A port of 0 cannot be dialled.
                if (service.port != 0) endpoints.add(endpoint(what, address, service.port, Math.max(1, service.weight), level));
            }
        }
        return answer(endpoints, ttl);
    }

    private static Endpoint endpoint(EndpointDiscovery.Dns what, HostAddress address, int port, int weight, int priority) {
        return new Endpoint(new Address(address.text, port), weight, what.spiffeId(), EndpointHealth.HEALTHY, Optional.empty(), priority);
    }

    private static DnsAnswer answer(List<Endpoint> endpoints, long ttl) {
        if (endpoints.isEmpty()) return new DnsAnswer.None("no such records");
        TreeMap<Address, Endpoint> once = new TreeMap<>();
        endpoints.forEach(each -> once.merge(each.address(), each, (a, b) -> ORDER.compare(a, b) <= 0 ? a : b));
        List<Endpoint> sorted = once.values().stream().sorted(ORDER).toList();
        return new DnsAnswer.Found(sorted.subList(0, Math.min(MOST, sorted.size())), Math.max(0, sorted.size() - MOST), Duration.ofSeconds(ttl));
    }
}
