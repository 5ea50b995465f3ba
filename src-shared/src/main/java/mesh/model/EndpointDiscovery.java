package mesh.model;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Where the control plane finds out who the endpoints of a cluster are, instead of somebody writing them. */
public sealed interface EndpointDiscovery {

    /**
     * The records of a name: A and AAAA where there is a port, SRV (RFC 2782) where there is none.
     *
     * @param hostname a DNS name; it need not end with a dot
     * @param port     of every endpoint, 1 to 65535; 0 asks for SRV records, which have ports, priorities and weights of their own
     * @param family   which addresses of a host
     * @param spiffeId whom every endpoint is dialled with mTLS as; empty for plaintext, or what the cluster says
     */
    record Dns(String hostname, int port, AddressFamily family, Optional<SpiffeId> spiffeId) implements EndpointDiscovery {

        /** RFC 1035 section 2.3.4, as text without the last dot. */
        private static final int LONGEST_NAME = 253;
        private static final int LONGEST_LABEL = 63;

        public Dns {
            String name = hostname.endsWith(".") ? hostname.substring(0, hostname.length() - 1) : hostname;
            boolean known = !name.isEmpty() && name.length() <= LONGEST_NAME
                && Arrays.stream(name.split("\\.", -1)).allMatch(label -> label.length() <= LONGEST_LABEL && label.matches("[A-Za-z0-9_-]+"));
            if (!known) {
                throw new IllegalArgumentException("hostname: \"" + hostname + "\" (expected: a DNS name such as payments.example.com)");
            }
            Checks.range("port", port, 0, 65535);
        }

        public boolean isService() {
            return port == 0;
        }
    }

    /**
     * A file of endpoints in the directory that the control plane was given for them.
     *
     * @param name of the file, without a directory
     */
    record File(String name) implements EndpointDiscovery {

        public File {
            if (!name.matches("[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}")) {
                throw new IllegalArgumentException("name: \"" + name + "\" (expected: the name of a file such as payments.yaml, without a directory)");
            }
        }
    }

    /** Which addresses of a host are endpoints; Envoy's {@code dns_lookup_family}. */
    enum AddressFamily {
        /** IPv4 ones, and IPv6 ones of a host that has no others: a host with both counts once. */
        V4_PREFERRED,
        V4_ONLY,
        V6_ONLY,
        ALL;

        /** As it stands in configurations. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** @throws IllegalArgumentException naming the text and what was expected */
        public static AddressFamily parse(String text) {
            for (AddressFamily each : values()) {
                if (each.text().equals(text)) return each;
            }
            throw new IllegalArgumentException("\"" + text + "\" (expected: "
                + Arrays.stream(values()).map(AddressFamily::text).collect(Collectors.joining(", ")) + ")");
        }
    }

    /** For sentences: who found it out. */
    default String text() {
        return this instanceof Dns dns ? "DNS, " + dns.hostname() : "file " + ((File) this).name();
    }
}
