package mesh.proxy.downstream;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/**
 * Whether clients' connections have taken nearly all descriptors that the process may have: the rest is for upstreams, without which a client that is
 * let in could not be served, and for the process itself. Any thread.
 */
final class Descriptors {

    /** At least so many are left, or a tenth of all. */
    private static final long LEAST_SPARE = 64;

    /** Null where nobody knows. */
    private final UnixOperatingSystemMXBean system;
    private final long others;

    Descriptors() {
        system = ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix ? unix : null;
        // Counted once: to count them is to list them.
        others = system == null ? 0 : system.getOpenFileDescriptorCount();
    }

    /** @param connections of clients that are open */
    boolean areScarce(int connections) {
        if (system == null) return false;
        long most = system.getMaxFileDescriptorCount();
        return connections > most - others - Math.max(LEAST_SPARE, most / 10);
    }
}
