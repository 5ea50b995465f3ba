package mesh.control.etcd;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import mesh.control.replica.Board;
import org.jboss.logging.Logger;

/**
 * A board in etcd. What a replica says are keys {@code board/REPLICA/TOPIC/NAME} that go with its lease, and {@code board/REPLICA/} is there as
 * long as it is. What changes within a tenth of a second is written at once, so a thousand sidecars that acknowledge a version are a few
 * transactions. What others say comes by a watch from the revision that was read; one that ends is begun anew, after all is read again.
 */
final class EtcdBoard implements Board {

    private static final Logger LOG = Logger.getLogger(EtcdBoard.class);
    private static final String ALL = "board/", AFTER_ALL = "board0";
    private static final long TELL_MILLIS = 100;
    private static final long WATCH_AGAIN_MILLIS = 500;
    /** etcd takes 128 operations, and 1.5 MiB, in one request unless it is told otherwise. */
    private static final int MOST_OPERATIONS = 100, MOST_BYTES = 1 << 20;

    /** What is said of what; both empty for the key that says that the replica is there. */
    private record Place(String topic, String name) {

        static final Place HERE = new Place("", "");

        String key() {
            return equals(HERE) ? "" : topic + "/" + name;
        }
    }

    private final EtcdClient etcd;
    private final Replicas replicas;
    private final Map<Place, Supplier<byte[]>> said = new ConcurrentHashMap<>();
    private final Set<Place> untold = ConcurrentHashMap.newKeySet();
    /** What others say. Guarded by itself, as is the telling of it. */
    private final Map<String, Map<Place, byte[]>> heard = new TreeMap<>();
    /** Its replicas, for those who ask with a lock of their own that the telling may be waiting for. */
    private volatile List<String> others = List.of();
    private final Map<String, List<Listener>> listeners = new HashMap<>();
    private final ScheduledExecutorService teller = thread("mesh-board");
    private final ScheduledExecutorService hearer = thread("mesh-board-news");
    /** Under which all has been told. On the teller only. */
    private long lease;
    private volatile Optional<String> silence = Optional.empty();
    private volatile Watch.Watcher watch;
    private volatile boolean closed;

    private EtcdBoard(EtcdClient etcd, Replicas replicas) {
        this.etcd = etcd;
        this.replicas = replicas;
    }

    private static ScheduledExecutorService thread(String name) {
        return Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
    }

    /** @throws IOException when what others say cannot be read */
    static EtcdBoard open(EtcdClient etcd, Replicas replicas) throws IOException {
        EtcdBoard board = new EtcdBoard(etcd, replicas);
        board.said.put(Place.HERE, () -> new byte[] {1});
        board.untold.add(Place.HERE);
        board.read();
        board.teller.scheduleWithFixedDelay(board::tell, 0, TELL_MILLIS, TimeUnit.MILLISECONDS);
        return board;
    }

    @Override
    public String name() {
        return replicas.name();
    }

    @Override
    public List<String> others() {
        return others;
    }

    @Override
    public Optional<String> silence() {
        return silence;
    }

    @Override
    public void say(String topic, String name, Supplier<byte[]> what) {
        Place place = new Place(topic, name);
        said.put(place, what);
        untold.add(place);
    }

    @Override
    public void hear(String topic, Listener listener) {
        synchronized (heard) {
            listeners.computeIfAbsent(topic, none -> new ArrayList<>()).add(listener);
            heard.forEach((replica, places) -> places.forEach((place, what) -> {
                if (place.topic.equals(topic)) listener.said(replica, place.name, what);
            }));
        }
    }

    private void tell() {
        long current = replicas.lease();
        if (current == 0) {
            return;
        }
        if (current != lease) {
            // What was said under another one is gone, or about to go.
            untold.addAll(said.keySet());
            lease = current;
        }
        while (!untold.isEmpty() && !closed) {
            Map<Place, byte[]> next = next();
            try {
                etcd.commit(List.of(), next.entrySet().stream().map(each -> operation(each.getKey(), each.getValue())).toList(), List.of());
            } catch (IOException | RuntimeException e) {
                untold.addAll(next.keySet());
                LOG.debugf("%s: not told to the other replicas yet: %s", etcd.describe(ALL), e.getMessage());
                return;
            }
        }
    }

    /** As much as one request takes. */
    private Map<Place, byte[]> next() {
        Map<Place, byte[]> next = new LinkedHashMap<>();
        if (untold.remove(Place.HERE)) {
            // First, so that under a new lease the end of the one before takes nothing along that was told again.
            next.put(Place.HERE, what(Place.HERE));
        }
        int bytes = 0;
        for (Place place : untold) {
            // Before it is asked for: what changes from now on is told again.
            untold.remove(place);
            byte[] what = what(place);
            if (!next.isEmpty() && bytes + what.length > MOST_BYTES) {
                untold.add(place);
                break;
            }
            next.put(place, what);
            bytes += what.length;
            if (next.size() == MOST_OPERATIONS) {
                break;
            }
        }
        return next;
    }

    private byte[] what(Place place) {
        try {
            byte[] what = said.get(place).get();
            if (what.length == 0) {
                said.remove(place);
            }
            return what;
        } catch (RuntimeException e) {
            LOG.errorf(e, "bug: what is to be told of %s", place);
            return new byte[0];
        }
    }

    private Op operation(Place place, byte[] what) {
        ByteSequence key = etcd.key(ALL + name() + "/" + place.key());
        return what.length == 0 ? Op.delete(key, DeleteOption.DEFAULT)
            : Op.put(key, ByteSequence.from(what), EtcdClient.withLease(lease));
    }

    /** All that is said now, and from there on what changes. */
    private void read() throws IOException {
        GetResponse all = etcd.all(ALL, AFTER_ALL);
        Map<String, Map<Place, byte[]>> now = new TreeMap<>();
        all.getKvs().forEach(each -> where(each).ifPresent(where ->
            now.computeIfAbsent(where.replica, none -> new HashMap<>()).put(where.place, each.getValue().getBytes())));
        synchronized (heard) {
            Set<String> gone = new TreeSet<>(heard.keySet());
            gone.removeAll(now.keySet());
            gone.forEach(this::gone);
            now.forEach((replica, places) -> {
                Set<Place> unsaid = new TreeSet<>((a, b) -> a.key().compareTo(b.key()));
                unsaid.addAll(heard.getOrDefault(replica, Map.of()).keySet());
                unsaid.removeAll(places.keySet());
                unsaid.forEach(place -> heard(replica, place, new byte[0]));
                places.forEach((place, what) -> heard(replica, place, what));
            });
        }
        silence = Optional.empty();
        follow(all.getHeader().getRevision() + 1);
    }

    private record Where(String replica, Place place) {}

    /** Empty for what is not another's. */
    private Optional<Where> where(KeyValue found) {
        String key = found.getKey().toString(UTF_8).substring(etcd.key(ALL).toString(UTF_8).length());
        String[] parts = key.split("/", 3);
        if (parts.length < 2 || parts[0].equals(name())) {
            return Optional.empty();
        }
        return Optional.of(new Where(parts[0], parts.length == 3 ? new Place(parts[1], parts[2]) : Place.HERE));
    }

    private void heard(String replica, Place place, byte[] what) {
        Map<Place, byte[]> places = heard.computeIfAbsent(replica, none -> new HashMap<>());
        if (places.isEmpty()) {
            others = List.copyOf(heard.keySet());
        }
        if (what.length == 0) {
            places.remove(place);
        } else {
            places.put(place, what);
        }
        listeners.getOrDefault(place.topic, List.of()).forEach(each -> safely(() -> each.said(replica, place.name, what)));
    }

    private void gone(String replica) {
        if (heard.remove(replica) != null) {
            others = List.copyOf(heard.keySet());
            LOG.infof("replica %s is gone", replica);
            listeners.values().forEach(all -> all.forEach(each -> safely(() -> each.gone(replica))));
        }
    }

    private static void safely(Runnable telling) {
        try {
            telling.run();
        } catch (RuntimeException e) {
            LOG.errorf(e, "what another replica says could not be taken");
        }
    }

    private void follow(long revision) {
        if (closed) {
            return;
        }
        watch = etcd.watch(ALL, revision, new Watch.Listener() {

            @Override
            public void onNext(WatchResponse response) {
                silence = Optional.empty();
                onNews(() -> take(response.getEvents()));
            }

            @Override
            public void onError(Throwable cause) {
                // It goes on by itself, or is completed.
                silence = Optional.of(String.valueOf(cause.getMessage()));
            }

            @Override
            public void onCompleted() {
                again();
            }
        });
    }

    private void onNews(Runnable work) {
        try {
            hearer.execute(work);
        } catch (RejectedExecutionException e) {
            // Closed meanwhile.
        }
    }

    private void take(List<WatchEvent> events) {
        synchronized (heard) {
            // A lease takes all its keys along: that is one word, and not as many as there are keys.
            Set<String> left = new TreeSet<>();
            events.stream().filter(event -> event.getEventType() == WatchEvent.EventType.DELETE).map(event -> where(event.getKeyValue()))
                .flatMap(Optional::stream).filter(where -> where.place.equals(Place.HERE)).forEach(where -> left.add(where.replica));
            left.forEach(this::gone);
            for (WatchEvent event : events) {
                boolean deleted = event.getEventType() == WatchEvent.EventType.DELETE;
                byte[] what = deleted ? new byte[0] : event.getKeyValue().getValue().getBytes();
                where(event.getKeyValue()).filter(where -> !deleted || heard.containsKey(where.replica))
                    .ifPresent(where -> heard(where.replica, where.place, what));
            }
        }
    }

    private void again() {
        try {
            hearer.schedule(() -> {
                try {
                    read();
                } catch (IOException | RuntimeException e) {
                    silence = Optional.of(String.valueOf(e.getMessage()));
                    again();
                }
            }, WATCH_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            // Closed meanwhile.
        }
    }

    /** What it has said goes with the lease. */
    @Override
    public void close() {
        closed = true;
        teller.shutdownNow();
        hearer.shutdownNow();
        Watch.Watcher open = watch;
        if (open != null) {
            open.close();
        }
    }
}
