package mesh.control.stream;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import mesh.control.replica.Board;
import mesh.model.MeshSnapshot;
import mesh.xds.ResourceType;

/**
 * Every sidecar that is subscribed, here or at another replica, and those that lately were. Bounded: at most {@value #MOST} are kept of this
 * replica, the ones that went first go first. Any thread.
 */
public final class SidecarRegistry {

    /** How long one that has gone is still shown. */
    static final Duration KEPT = Duration.ofHours(1);

    static final int MOST = 20_000;
    private static final Duration LOOK = Duration.ofMinutes(1);

    /**
     * How far a sidecar is.
     *
     * @param node                as it calls itself
     * @param spiffeId            as its certificate says; "" for one on the plaintext loopback port
     * @param workload            the workload that its configuration is for
     * @param connectedSince      when the stream began, also of one that has gone
     * @param acknowledgedVersion the last store version of which it acknowledged all that concerned it; 0 for none yet
     * @param sentVersion         the last store version that held a change for it
     * @param rejection           the last one since it acknowledged everything
     * @param replica             where it is, or was last, connected; "" where there is only one
     * @param clockAhead          of the control plane's clock, as it said last, in whole seconds; empty where it has not
     */
    public record Sidecar(
        String node, String spiffeId, String workload, boolean connected, Instant connectedSince, long acknowledgedVersion, long sentVersion,
        Optional<Rejection> rejection, String replica, Optional<Duration> clockAhead) {

        Key key() {
            return new Key(spiffeId, workload, node);
        }

        Sidecar gone() {
            return new Sidecar(node, spiffeId, workload, false, connectedSince, acknowledgedVersion, sentVersion, rejection, replica, clockAhead);
        }

        Sidecar withAcknowledged(long version) {
            return new Sidecar(node, spiffeId, workload, connected, connectedSince, version, sentVersion, rejection, replica, clockAhead);
        }

        Sidecar withClockAhead(Duration ahead) {
            return new Sidecar(node, spiffeId, workload, connected, connectedSince, acknowledgedVersion, sentVersion, rejection, replica,
                Optional.of(ahead));
        }
    }

    /**
     * What a sidecar would not take.
     *
     * @param version of the store
     * @param message all problems, as the sidecar told them
     */
    public record Rejection(long version, ResourceType type, String message, Instant at) {}

    /** What makes it the same one, at whichever replica. */
    record Key(String spiffeId, String workload, String node) {}

    private record Entry(Connection owner, Sidecar sidecar, Instant seen) {}

    /** Longer than a stream takes for what it is at, if only by much. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration LEAST_CHANGE = Duration.ofSeconds(2);

    private final InstantSource clock;
    private final String replica;
    private final Map<Key, Entry> entries = new HashMap<>();
    private final SharedSidecars shared;
    /** When all were last looked through for those that are to be forgotten. */
    private Instant expired;

    /** Of the only control plane that there is. */
    public SidecarRegistry(InstantSource clock) {
        this(clock, Board.ALONE);
    }

    public SidecarRegistry(InstantSource clock, Board board) {
        this.clock = clock;
        this.expired = clock.instant();
        this.replica = board.name();
        this.shared = new SharedSidecars(board, clock, this::own);
    }

    /** Of all replicas, each once, sorted by node. Of another replica's it is what that one told last, a fraction of a second ago. */
    public List<Sidecar> list() {
        return shared.with(own(all -> true)).stream()
            .sorted(Comparator.comparing(Sidecar::node).thenComparing(Sidecar::spiffeId))
            .toList();
    }

    private synchronized List<Sidecar> own(Predicate<Key> chosen) {
        expire();
        return entries.entrySet().stream().filter(each -> chosen.test(each.getKey())).map(each -> each.getValue().sidecar).toList();
    }

    /** Those that were connected to a replica which has gone since, lately, and have not come to another one yet. */
    public List<Sidecar> lost() {
        return shared.lost(own(all -> true));
    }

    /**
     * What connected sidecars have, by what their streams know at this moment.
     *
     * @param chosen by the sidecar's node
     * @return sorted by node; without those that have gone meanwhile
     */
    public CompletableFuture<List<StreamStatus>> statuses(Predicate<String> chosen) {
        List<CompletableFuture<Optional<StreamStatus>>> asked = asked(chosen).stream().map(Connection::status).toList();
        return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new)).thenApply(done -> asked.stream()
            .flatMap(each -> each.join().stream())
            .sorted(Comparator.comparing(StreamStatus::node).thenComparing(StreamStatus::spiffeId))
            .toList());
    }

    private synchronized List<Connection> asked(Predicate<String> chosen) {
        return entries.values().stream()
            .filter(entry -> entry.sidecar.connected && chosen.test(entry.sidecar.node))
            .map(Entry::owner)
            .toList();
    }

    /** Nodes of those that may be going by such a view: one that they have acknowledged last, or one that they were sent since. */
    synchronized List<String> connectedWhere(Predicate<MeshSnapshot> shown) {
        // Sidecars that see the same share one view.
        Map<MeshSnapshot, Boolean> known = new IdentityHashMap<>();
        Predicate<MeshSnapshot> once = view -> known.computeIfAbsent(view, shown::test);
        return entries.values().stream()
            .filter(entry -> entry.sidecar.connected && (once.test(entry.owner.acknowledged) || once.test(entry.owner.sent)))
            .map(entry -> entry.sidecar.node).sorted().toList();
    }

    public synchronized int connectedCount() {
        return (int) entries.values().stream().filter(entry -> entry.sidecar.connected).count();
    }

    /** A new stream. If the same sidecar still has an older one, that one no longer speaks for it. */
    synchronized Connection connected(String node, String spiffeId, String workload) {
        // Not for each of thousands that come at once.
        if (!clock.instant().isBefore(expired.plus(LOOK))) expire();
        makeRoom();
        Key key = new Key(spiffeId, workload, node);
        Entry before = entries.get(key);
        // What it has acknowledged it goes on with, until it acknowledges something else.
        Connection connection = new Connection(key, before == null ? MeshSnapshot.EMPTY : before.owner.acknowledged);
        long acknowledged = before == null ? 0 : before.sidecar.acknowledgedVersion;
        Instant now = clock.instant();
        put(connection, new Sidecar(node, spiffeId, workload, true, now, acknowledged, 0, Optional.empty(), replica, Optional.empty()));
        return connection;
    }

    /**
     * What a sidecar's clock says. The way that its word has taken is part of the difference; changes of less than two seconds are none.
     *
     * @param at by its clock, when it was sent
     */
    public synchronized void clock(String node, String spiffeId, Instant at) {
        Duration ahead = Duration.ofSeconds(Duration.between(clock.instant(), at).toSeconds());
        entries.values().stream().filter(each -> each.sidecar.node.equals(node) && each.sidecar.spiffeId.equals(spiffeId))
            .filter(each -> each.sidecar.clockAhead.map(known -> known.minus(ahead).abs().compareTo(LEAST_CHANGE) >= 0).orElse(true))
            .toList().forEach(each -> put(each.owner, each.sidecar.withClockAhead(ahead)));
    }

    private void put(Connection owner, Sidecar next) {
        Entry before = entries.put(owner.key, new Entry(owner, next, clock.instant()));
        if (before == null || !before.sidecar.equals(next)) {
            shared.changed(owner.key);
        }
    }

    private void expire() {
        expired = clock.instant();
        Instant oldest = expired.minus(KEPT);
        entries.entrySet().removeIf(each -> {
            boolean old = !each.getValue().sidecar.connected && each.getValue().seen.isBefore(oldest);
            if (old) shared.changed(each.getKey());
            return old;
        });
    }

    private void makeRoom() {
        if (entries.size() >= MOST) {
            entries.entrySet().stream()
                .filter(entry -> !entry.getValue().sidecar.connected)
                .min(Comparator.comparing(entry -> entry.getValue().seen))
                .ifPresent(entry -> {
                    entries.remove(entry.getKey());
                    shared.changed(entry.getKey());
                });
        }
    }

    /** One stream's side of the registry. */
    final class Connection {

        private final Key key;
        private volatile Supplier<CompletableFuture<Optional<StreamStatus>>> stream = () -> CompletableFuture.completedFuture(Optional.empty());
        private MeshSnapshot acknowledged;
        private MeshSnapshot sent = MeshSnapshot.EMPTY;

        private Connection(Key key, MeshSnapshot acknowledged) {
            this.key = key;
            this.acknowledged = acknowledged;
        }

        /** @param status asks the stream, on whatever thread */
        void asks(Supplier<CompletableFuture<Optional<StreamStatus>>> status) {
            stream = status;
        }

        private CompletableFuture<Optional<StreamStatus>> status() {
            return stream.get().completeOnTimeout(Optional.empty(), PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        }

        void progress(AdsStream<?, ?> stream) {
            synchronized (SidecarRegistry.this) {
                Entry entry = entries.get(key);
                if (entry != null && entry.owner == this) {
                    sent = stream.view();
                    if (stream.settled()) acknowledged = sent;
                    put(this, advanced(entry.sidecar, stream));
                }
            }
        }

        private Sidecar advanced(Sidecar s, AdsStream<?, ?> stream) {
            Optional<Rejection> rejection = stream.refusal().map(refusal -> s.rejection
                .filter(known -> known.version == refusal.version() && known.type == refusal.type() && known.message.equals(refusal.message()))
                .orElseGet(() -> new Rejection(refusal.version(), refusal.type(), refusal.message(), clock.instant())));
            // A sidecar that came back still has what it had, until it says otherwise.
            long acknowledged = Math.max(s.acknowledgedVersion, stream.acknowledgedVersion());
            return new Sidecar(s.node, s.spiffeId, s.workload, s.connected, s.connectedSince, acknowledged, stream.sentVersion(), rejection,
                s.replica, s.clockAhead);
        }

        void closed() {
            synchronized (SidecarRegistry.this) {
                Entry entry = entries.get(key);
                if (entry != null && entry.owner == this) {
                    sent = MeshSnapshot.EMPTY;
                    put(this, entry.sidecar.gone());
                }
            }
        }
    }
}
