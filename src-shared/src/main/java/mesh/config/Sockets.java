package mesh.config;

import java.util.HashMap;
import java.util.Map;
import mesh.model.Address;

/** The addresses a file wants to listen on: each may stand once. */
final class Sockets {

    private final Map<Address, String> owners = new HashMap<>();

    /** Reads where to listen; null is none, and port 0 never collides. */
    Address claim(Section section, String key, Address address) {
        if (address != null && address.port() != 0) {
            String owner = owners.putIfAbsent(address, section.in(key));
            if (owner != null) {
                section.wrong(key, "\"" + address + "\" is the address of " + owner + " already (expected: another one)");
            }
        }
        return address;
    }
}
