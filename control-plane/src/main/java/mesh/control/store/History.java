package mesh.control.store;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import mesh.model.MeshSnapshot;

/**
 * The newest versions of the configuration, packed as they stand in the journal: as many as fit into a number of bytes, and always the
 * last. Any thread.
 */
public final class History {

    private record Kept(ConfigVersion version, byte[] record) {}

    private final long mostBytes;
    private final TreeMap<Long, Kept> versions = new TreeMap<>();
    private long bytes;

    History(long mostBytes) {
        this.mostBytes = mostBytes;
    }

    synchronized void add(ConfigVersion version, byte[] record) {
        versions.put(version.version(), new Kept(version, record));
        bytes += record.length;
        while (bytes > mostBytes && versions.size() > 1) {
            bytes -= versions.pollFirstEntry().getValue().record.length;
        }
    }

    /** Oldest first: what a compacted journal holds. */
    synchronized List<byte[]> records() {
        return versions.values().stream().map(Kept::record).toList();
    }

    /**
     * Newest first.
     *
     * @param before only older versions than this; 0 for all
     */
    public synchronized List<ConfigVersion> list(long before, int limit) {
        List<ConfigVersion> found = new ArrayList<>();
        for (Kept kept : (before == 0 ? versions : versions.headMap(before, false)).descendingMap().values()) {
            if (found.size() == limit) {
                break;
            }
            found.add(kept.version);
        }
        return found;
    }

    /** The number of the oldest version that is kept; 0 when nothing was ever written. */
    public synchronized long oldest() {
        return versions.isEmpty() ? 0 : versions.firstKey();
    }

    public synchronized Optional<ConfigVersion> find(long version) {
        return Optional.ofNullable(versions.get(version)).map(Kept::version);
    }

    /** The newest of those that were written by then: the one that was current, unless a clock was set back in between. */
    public synchronized Optional<ConfigVersion> at(Instant time) {
        return versions.descendingMap().values().stream().map(Kept::version).filter(v -> !v.at().isAfter(time)).findFirst();
    }

    /**
     * A version, read again.
     *
     * @throws IOException when it was good once and is no configuration of this program any more
     */
    public Optional<MeshSnapshot> read(long version) throws IOException {
        byte[] record;
        synchronized (this) {
            Kept kept = versions.get(version);
            if (kept == null) {
                return Optional.empty();
            }
            record = kept.record;
        }
        return Optional.of(ConfigRecord.read(record).snapshot());
    }
}
