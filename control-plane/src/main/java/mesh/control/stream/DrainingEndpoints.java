package mesh.control.stream;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import mesh.model.Address;
import mesh.model.Endpoint;
import mesh.model.EndpointHealth;
import mesh.model.EndpointSet;
import mesh.model.MeshSnapshot;
import mesh.model.SpiffeId;

/**
 * The configuration as subscribers are shown it: the store's, in which endpoints of sidecars that have said they leave are draining. It has the
 * store's versions, so one version may be shown twice with different health; nothing of it is kept. Any thread.
 */
public final class DrainingEndpoints implements ConfigSource {

    /** A sidecar that has not come back by then has gone for good, and what else is at its address is not its. */
    static final Duration LONGEST = Duration.ofMinutes(10);

    static final int MOST = 10_000;

    /** Who has said that it leaves. */
    public record Sidecar(SpiffeId id, String node) {}

    private record Leaving(String instance, Set<Address> addresses, Instant since) {}

    private record Place(SpiffeId id, Address address) {}

    private final InstantSource clock;
    private final List<Consumer<MeshSnapshot>> listeners = new CopyOnWriteArrayList<>();
    private final Map<Sidecar, Leaving> leaving = new HashMap<>();
    private MeshSnapshot base;
    private volatile MeshSnapshot current;

    public DrainingEndpoints(ConfigSource store, InstantSource clock) {
        this.clock = clock;
        synchronized (this) {
            base = store.current();
            current = base;
        }
        store.onChange(this::follow);
        follow(store.current());
    }

    @Override
    public MeshSnapshot current() {
        return current;
    }

    /** Told while nothing else can change: in order, and to return at once. */
    @Override
    public Registration onChange(Consumer<MeshSnapshot> listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    private synchronized void follow(MeshSnapshot next) {
        if (next.version() < base.version()) return;
        base = next;
        show();
    }

    /**
     * Shows its endpoints as draining from now on.
     *
     * @return how many there are; with none, nothing is remembered
     * @throws IllegalStateException when too many drain already
     */
    synchronized int drain(Sidecar sidecar, String instance, Set<Address> addresses) {
        int matches = (int) base.endpoints().values().stream().flatMap(set -> set.endpoints().stream())
            .filter(endpoint -> isAt(endpoint, sidecar.id, addresses)).count();
        if (matches == 0) return 0;
        expire();
        if (leaving.size() >= MOST && !leaving.containsKey(sidecar)) {
            throw new IllegalStateException("draining sidecars: " + MOST + " (expected: fewer)");
        }
        leaving.put(sidecar, new Leaving(instance, Set.copyOf(addresses), clock.instant()));
        show();
        return matches;
    }

    /** A sidecar has its configuration, and so its listeners. One that has come back is as good as it was before. */
    synchronized void served(Sidecar sidecar, String instance) {
        Leaving before = leaving.get(sidecar);
        if (before == null || before.instance.equals(instance)) return;
        leaving.remove(sidecar);
        show();
    }

    /** Forgets those who have been away for too long. */
    synchronized void expire() {
        Instant oldest = clock.instant().minus(LONGEST);
        if (leaving.values().removeIf(each -> !each.since.isAfter(oldest))) show();
    }

    /** Whether a client that was shown this would send the sidecar something new. */
    synchronized boolean isCalled(Sidecar sidecar, MeshSnapshot shown) {
        Leaving each = leaving.get(sidecar);
        return each != null && shown.endpoints().values().stream().flatMap(set -> set.endpoints().stream())
            .anyMatch(endpoint -> isAt(endpoint, sidecar.id, each.addresses) && endpoint.health() != EndpointHealth.DRAINING);
    }

    private void show() {
        MeshSnapshot next = overlaid();
        if (next == current) return;
        current = next;
        listeners.forEach(each -> each.accept(next));
    }

    private MeshSnapshot overlaid() {
        if (leaving.isEmpty()) return base;
        Map<Place, Sidecar> places = new HashMap<>();
        leaving.forEach((sidecar, each) -> each.addresses.forEach(address -> places.put(new Place(sidecar.id, address), sidecar)));
        Set<Sidecar> found = new HashSet<>();
        Map<String, EndpointSet> sets = new LinkedHashMap<>();
        base.endpoints().forEach((name, set) -> sets.put(name, overlaid(set, places, found)));
        leaving.keySet().retainAll(found);
        return leaving.isEmpty() ? base
            : new MeshSnapshot(base.version(), base.listeners(), base.routeTables(), base.clusters(), sets, base.trust(), base.federation());
    }

    private static EndpointSet overlaid(EndpointSet set, Map<Place, Sidecar> places, Collection<Sidecar> found) {
        List<Endpoint> endpoints = new ArrayList<>(set.endpoints());
        boolean changed = false;
        for (int i = 0; i < endpoints.size(); i++) {
            Endpoint endpoint = endpoints.get(i);
            Sidecar sidecar = endpoint.spiffeId().map(id -> places.get(new Place(id, endpoint.address()))).orElse(null);
            if (sidecar == null) continue;
            found.add(sidecar);
            endpoints.set(i, endpoint.withHealth(EndpointHealth.DRAINING));
            changed = true;
        }
        return changed ? new EndpointSet(set.cluster(), endpoints) : set;
    }

    private static boolean isAt(Endpoint endpoint, SpiffeId id, Set<Address> addresses) {
        return endpoint.spiffeId().filter(id::equals).isPresent() && addresses.contains(endpoint.address());
    }
}
