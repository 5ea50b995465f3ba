package mesh.model;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Where something listens: a host and a port. {@code :8080} has an empty host, which means every local address when bound and is
 * refused for an endpoint. IPv6 hosts are held without brackets.
 *
 * @param host a DNS name, an IPv4 or an IPv6 address; "" for every local address
 * @param port 0 to 65535; 0 lets the system choose when bound
 */
public record Address(String host, int port) implements Comparable<Address> {

    public Address {
        Checks.range("port", port, 0, 65535);
        for (int i = 0; i < host.length(); i++) {
            char c = host.charAt(i);
            boolean known = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_'
                || c == ':' || c == '%';
            if (!known) {
                throw new IllegalArgumentException("host: \"" + host + "\" (expected: a host name or an IP address)");
            }
        }
    }

    /**
     * Reads {@code host:port}, {@code :port} or {@code [v6]:port}.
     *
     * @throws IllegalArgumentException naming the text and what was expected
     */
    public static Address parse(String text) {
        int colon = text.lastIndexOf(':');
        if (colon < 0) {
            throw invalid(text);
        }
        String host = text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
            if (host.indexOf(':') < 0) {
                throw invalid(text);
            }
        } else if (host.indexOf(':') >= 0) {
            throw invalid(text);
        }
        String port = text.substring(colon + 1);
        if (port.isEmpty() || port.length() > 5 || !port.chars().allMatch(c -> c >= '0' && c <= '9') || Integer.parseInt(port) > 65535) {
            throw invalid(text);
        }
        try {
            return new Address(host, Integer.parseInt(port));
        } catch (IllegalArgumentException e) {
            throw invalid(text);
        }
    }

    private static IllegalArgumentException invalid(String text) {
        return new IllegalArgumentException("\"" + text + "\" (expected: host:port, :port or [ipv6]:port)");
    }

    /** As people write several: by commas. */
    public static String listed(List<Address> addresses) {
        return addresses.stream().map(Address::toString).collect(Collectors.joining(","));
    }

    /** Loopback by its text; a name is only known to be loopback when it is {@code localhost}. */
    public boolean isLoopback() {
        return host.equals("localhost") || host.equals("::1") || host.startsWith("127.");
    }

    @Override
    public int compareTo(Address other) {
        int byHost = host.compareTo(other.host);
        return byHost != 0 ? byHost : Integer.compare(port, other.port);
    }

    /** As {@link #parse} reads it. */
    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
