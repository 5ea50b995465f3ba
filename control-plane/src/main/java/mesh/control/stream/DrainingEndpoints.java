package mesh.control.stream;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.InvalidProtocolBufferException;
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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import mesh.control.replica.Board;
import mesh.digest.Sha256;
import mesh.model.Address;
import mesh.model.Endpoint;
import mesh.model.EndpointHealth;
import mesh.model.EndpointSet;
import mesh.model.MeshSnapshot;
import mesh.model.SpiffeId;
import org.jboss.logging.Logger;

/**
 * The configuration as subscribers are shown it: the store's, in which endpoints of sidecars that have said they leave, here or to another
 * replica, are draining. It has the store's versions, so one version may be shown twice with different health; nothing of it is kept. Any thread.
 */
public final class DrainingEndpoints implements ConfigSource {

    private static final Logger LOG = Logger.getLogger(DrainingEndpoints.class);
    /** Who leaves, by whoever was told; and who has come back, by whoever it came to. */
    private static final String TOPIC = "leaving", BACK = "back";

    /** A sidecar that has not come back by then has gone for good, and what else is at its address is not its. */
    static final Duration LONGEST = Duration.ofMinutes(10);

    static final int MOST = 10_000;

    /** Who has said that it leaves. */
    public record Sidecar(SpiffeId id, String node) {

        /** Of this one on the board. */
        String word() {
            return Sha256.hex((id + " " + node).getBytes(UTF_8));
        }
    }

    /** @param ours whether it was said here, and so is for us to tell the other replicas */
    private record Leaving(String instance, Set<Address> addresses, Instant since, boolean ours) {}

    private record Place(SpiffeId id, Address address) {}

    private final InstantSource clock;
    private final List<Consumer<MeshSnapshot>> listeners = new CopyOnWriteArrayList<>();
    private final Board board;
    private final Map<Sidecar, Leaving> leaving = new HashMap<>();
    /** Those who came back to this replica, as it has told the others. */
    private final Set<Sidecar> back = ConcurrentHashMap.newKeySet();
    private MeshSnapshot base;
    private volatile MeshSnapshot current;
    private volatile BiConsumer<Sidecar, String> heard = (sidecar, instance) -> { };

    /** Of the only control plane that there is. */
    public DrainingEndpoints(ConfigSource store, InstantSource clock) {
        this(store, clock, Board.ALONE);
    }

    public DrainingEndpoints(ConfigSource store, InstantSource clock, Board board) {
        this.clock = clock;
        this.board = board;
        synchronized (this) {
            base = store.current();
            current = base;
        }
        store.onChange(this::follow);
        follow(store.current());
        board.hear(TOPIC, new Elsewhere(this::heard));
        board.hear(BACK, new Elsewhere(said -> served(said.sidecar, said.instance)));
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
        notBack(sidecar);
        leaving.put(sidecar, new Leaving(instance, Set.copyOf(addresses), clock.instant(), true));
        board.say(TOPIC, sidecar.word(), () -> encoded(sidecar));
        show();
        return matches;
    }

    /** As it is when that is told: nothing once it is over. */
    private synchronized byte[] encoded(Sidecar sidecar) {
        Leaving each = leaving.get(sidecar);
        return each == null || !each.ours ? new byte[0] : encoded(sidecar, each.instance, each.addresses);
    }

    private static byte[] encoded(Sidecar sidecar, String instance, Set<Address> addresses) {
        return mesh.replica.v1.Leaving.newBuilder().setSpiffeId(sidecar.id.toString()).setNode(sidecar.node).setInstance(instance)
            .addAllAddresses(addresses.stream().map(Address::toString).toList()).build().toByteArray();
    }

    /** To be called with each that leaves by word of another replica, on a thread of the board's. */
    void onHeard(BiConsumer<Sidecar, String> told) {
        heard = told;
        Map<Sidecar, String> known = new HashMap<>();
        synchronized (this) {
            leaving.forEach((sidecar, each) -> known.put(sidecar, each.instance));
        }
        known.forEach(told);
    }

    private void heard(Said said) {
        synchronized (this) {
            Leaving before = leaving.get(said.sidecar);
            if (before != null && before.instance.equals(said.instance) || leaving.size() >= MOST) return;
            notBack(said.sidecar);
            leaving.put(said.sidecar, new Leaving(said.instance, said.addresses, clock.instant(), false));
            show();
        }
        heard.accept(said.sidecar, said.instance);
    }

    /** What another replica has said of a sidecar. */
    private record Said(Sidecar sidecar, String instance, Set<Address> addresses) {}

    /** Told in words that end with who has said them; what is known by them stays. */
    private record Elsewhere(Consumer<Said> told) implements Board.Listener {

        @Override
        public void said(String replica, String word, byte[] what) {
            if (what.length == 0) return;
            try {
                mesh.replica.v1.Leaving m = mesh.replica.v1.Leaving.parseFrom(what);
                told.accept(new Said(new Sidecar(SpiffeId.parse(m.getSpiffeId()), m.getNode()), m.getInstance(),
                    m.getAddressesList().stream().map(Address::parse).collect(Collectors.toSet())));
            } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
                LOG.errorf("which sidecar leaves by word of replica %s cannot be read: %s", replica, e.getMessage());
            }
        }

        /** It knew more than it can say now: who leaves does so all the same. */
        @Override
        public void gone(String replica) { }
    }

    /** A sidecar has its configuration, and so its listeners. One that has come back is as good as it was before. */
    synchronized void served(Sidecar sidecar, String instance) {
        Leaving before = leaving.get(sidecar);
        if (before == null || before.instance.equals(instance)) return;
        forget(sidecar);
        show();
    }

    private void forget(Sidecar sidecar) {
        leaving.remove(sidecar);
        board.say(TOPIC, sidecar.word(), () -> encoded(sidecar));
    }

    /** As above, of one that has come to this replica: the others have to hear of it. */
    void servedHere(Sidecar sidecar, String instance) {
        synchronized (this) {
            Leaving before = leaving.get(sidecar);
            if (before == null || before.instance.equals(instance)) return;
            served(sidecar, instance);
        }
        back.add(sidecar);
        board.say(BACK, sidecar.word(), () -> back.contains(sidecar) ? encoded(sidecar, instance, Set.of()) : new byte[0]);
    }

    /** It leaves again: that it had come back is an old story. */
    private void notBack(Sidecar sidecar) {
        if (back.remove(sidecar)) board.say(BACK, sidecar.word(), () -> new byte[0]);
    }

    /** Forgets those who have been away for too long. */
    synchronized void expire() {
        Instant oldest = clock.instant().minus(LONGEST);
        List<Sidecar> old = leaving.entrySet().stream().filter(each -> !each.getValue().since.isAfter(oldest)).map(Map.Entry::getKey).toList();
        if (old.isEmpty()) return;
        old.forEach(this::forget);
        show();
    }

    /** Whether it still leaves, as that process. */
    synchronized boolean isLeaving(Sidecar sidecar, String instance) {
        Leaving each = leaving.get(sidecar);
        return each != null && each.instance.equals(instance);
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
        leaving.keySet().stream().filter(each -> !found.contains(each)).toList().forEach(this::forget);
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
