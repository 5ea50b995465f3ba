package mesh.proxy.route;

import java.nio.charset.StandardCharsets;
import java.util.List;
import mesh.proxy.http.Octets;
import mesh.proxy.http.RequestHead;

/**
 * Hosts by their whole names, as a hash table over bytes: a mesh names thousands of services, and each request asks once. Immutable; any
 * event loop.
 *
 * @param <T> what a host leads to
 */
final class HostNames<T> {

    /** @param withPort the name ends with a port, and is compared with the whole authority */
    record Named<T>(byte[] name, boolean withPort, T target) {

        Named(String lowerCase, boolean withPort, T target) {
            this(lowerCase.getBytes(StandardCharsets.US_ASCII), withPort, target);
        }

        int hash() {
            return Octets.hashIgnoreCase(name, 0, name.length);
        }

        boolean is(RequestHead head) {
            return withPort ? head.authorityIs(name) : head.hostIs(name);
        }
    }

    /** Open addressing, at most half full; a name stands at its hash's slot or behind it. */
    private final Named<T>[] slots;
    private final boolean anyPort;

    /** @param hosts of two of the same name the first counts */
    @SuppressWarnings({"unchecked", "rawtypes"})
    HostNames(List<Named<T>> hosts) {
        slots = new Named[Integer.highestOneBit(hosts.size() * 4 + 1)];
        anyPort = hosts.stream().anyMatch(Named::withPort);
        for (Named<T> host : hosts) {
            int slot = host.hash();
            while (slots[slot & slots.length - 1] != null) slot++;
            slots[slot & slots.length - 1] = host;
        }
    }

    /** The target of the host that the request names, with its port or without; null for none. */
    T find(RequestHead head) {
        T found = anyPort ? find(head, head.authorityHash(), true) : null;
        return found != null ? found : find(head, head.hostHash(), false);
    }

    private T find(RequestHead head, int hash, boolean withPort) {
        for (int slot = hash; ; slot++) {
            Named<T> host = slots[slot & slots.length - 1];
            if (host == null) return null;
            if (host.withPort() == withPort && host.is(head)) return host.target();
        }
    }
}
