package mesh.proxy.telemetry;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Who still calls without TLS where it is permitted: those that a switch to strict would lock out. Until the process ends, and at most so many; a
 * number says how many others there were. Any thread.
 */
public final class PlaintextCallers {

    static final int MOST = 1024;

    /**
     * One of them.
     *
     * @param listener    by which it came
     * @param address     without a port
     * @param connections since the start
     * @param last        when the latest of them began
     */
    public record Caller(String listener, String address, long connections, Instant last) {}

    private record Key(String listener, String address) {}

    private final Map<Key, Caller> callers = new ConcurrentHashMap<>();
    private final Counter others = new Counter();

    public void connected(String listener, String address, Instant now) {
        Key key = new Key(listener, address);
        if (callers.size() >= MOST && !callers.containsKey(key)) {
            others.increment();
            return;
        }
        callers.merge(key, new Caller(listener, address, 1, now),
            (before, one) -> new Caller(listener, address, before.connections + 1, one.last));
    }

    /** The latest first. */
    public List<Caller> list() {
        return callers.values().stream().sorted(Comparator.comparing(Caller::last).reversed()).toList();
    }

    /** Connections of callers that there was no room for. */
    public long others() {
        return others.sum();
    }
}
