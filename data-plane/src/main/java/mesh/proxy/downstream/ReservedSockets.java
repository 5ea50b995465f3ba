package mesh.proxy.downstream;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import mesh.model.Address;

/**
 * Sockets that listen before there is a listener for them: connections to them are made by the kernel, and wait. A listener that is told of takes
 * the one of its address. One thread at a time.
 */
final class ReservedSockets {

    private static final Set<String> EVERY_ADDRESS = Set.of("", "0.0.0.0", "::");

    private final Map<String, BoundSocket> sockets = new HashMap<>();

    void put(Address address, BoundSocket socket) {
        sockets.put(place(address), socket);
    }

    boolean has(Address address) {
        return sockets.containsKey(place(address));
    }

    /** Null where there is none. */
    BoundSocket take(Address address) {
        return sockets.remove(place(address));
    }

    /** Takes out those that were opened for a time, and not inherited. */
    List<BoundSocket> takeHeld() {
        List<BoundSocket> held = new ArrayList<>();
        sockets.values().removeIf(each -> !each.inherited() && held.add(each));
        return held;
    }

    List<BoundSocket> takeAll() {
        List<BoundSocket> all = List.copyOf(sockets.values());
        sockets.clear();
        return all;
    }

    /** Every way of saying that all addresses of this machine are meant is one. */
    private static String place(Address address) {
        return (EVERY_ADDRESS.contains(address.host()) ? "*" : address.host()) + " " + address.port();
    }
}
