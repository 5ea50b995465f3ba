package mesh.e2e;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;
import mesh.model.Address;

/** Addresses on loopback for what must be known before it is bound. Below the range from which the system takes ports for clients. */
final class Ports {

    private static final int FIRST = 20_000, LAST = 32_000;
    private static final Set<Integer> GIVEN = new HashSet<>();
    private static int next = FIRST + (int) (ProcessHandle.current().pid() % 100) * 100;

    private Ports() {}

    static synchronized Address free() throws IOException {
        for (int tries = 0; tries < LAST - FIRST; tries++) {
            int port = next++;
            if (next > LAST) next = FIRST;
            if (!GIVEN.add(port)) continue;
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return new Address("127.0.0.1", socket.getLocalPort());
            } catch (IOException taken) {
                // Somebody else's; the next one.
            }
        }
        throw new IOException("no free port between " + FIRST + " and " + LAST);
    }
}
