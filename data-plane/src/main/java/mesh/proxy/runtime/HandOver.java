package mesh.proxy.runtime;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import mesh.model.Address;
import mesh.model.Arrival;

/** Which listener without a socket gets an intercepted connection: the one of the address it was opened to, or else the one of every address. */
public final class HandOver {

    static final HandOver NONE = new HandOver();

    private final Map<InetSocketAddress, ListenerTable> byAddress = new HashMap<>();
    private final Map<Integer, ListenerTable> byPort = new HashMap<>();

    private HandOver() {}

    static HandOver of(Collection<ListenerTable> listeners) {
        HandOver made = new HandOver();
        for (ListenerTable table : listeners) {
            if (table.model().arrival() != Arrival.HANDED_OVER) continue;
            Address address = table.model().bind();
            InetAddress host = NetUtil.createInetAddressFromIpAddressString(address.host());
            if (address.host().isEmpty() || host != null && host.isAnyLocalAddress()) made.byPort.put(address.port(), table);
            else if (host != null) made.byAddress.put(new InetSocketAddress(host, address.port()), table);
        }
        return made;
    }

    /** Null for none. */
    public ListenerTable find(InetSocketAddress destination) {
        ListenerTable found = byAddress.get(destination);
        return found != null ? found : byPort.get(destination.getPort());
    }
}
