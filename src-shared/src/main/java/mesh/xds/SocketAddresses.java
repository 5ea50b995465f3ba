package mesh.xds;

import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import java.util.Set;

/** Hosts and ports. An Envoy takes IP addresses only; host names are for our own sidecars, which resolve them. */
final class SocketAddresses {

    private static final String EVERY_ADDRESS = "::";

    private static final Set<String> SOCKET_FIELDS = Set.of("protocol", "address", "port_value", "ipv4_compat");

    private SocketAddresses() {}

    static Address encode(mesh.model.Address address) {
        SocketAddress.Builder socket = SocketAddress.newBuilder().setPortValue(address.port());
        if (address.host().isEmpty()) {
            socket.setAddress(EVERY_ADDRESS).setIpv4Compat(true);
        } else {
            socket.setAddress(address.host());
        }
        return Address.newBuilder().setSocketAddress(socket).build();
    }

    static mesh.model.Address decode(Address address, Reading reading) {
        reading.only(address, Set.of("socket_address"));
        SocketAddress socket = address.getSocketAddress();
        reading.only(socket, SOCKET_FIELDS);
        if (socket.getProtocol() != SocketAddress.Protocol.TCP) {
            reading.at("protocol").unexpected(socket.getProtocolValue() == 1 ? "UDP" : socket.getProtocolValue(), "TCP");
        }
        boolean every = socket.getIpv4Compat() && socket.getAddress().equals(EVERY_ADDRESS);
        return reading.check(() -> new mesh.model.Address(every ? "" : socket.getAddress(), socket.getPortValue()));
    }
}
