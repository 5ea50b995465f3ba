package mesh.proxy.intercept;

/** Each family is filtered by tables and programs of its own. */
public enum IpFamily {
    IPV4("iptables", "127.0.0.1/32", "127.0.0.6/32", 4),
    IPV6("ip6tables", "::1/128", "::1/128", 16);

    private final String program;
    private final String loopback;
    private final String inboundSource;
    private final int addressBytes;

    IpFamily(String program, String loopback, String inboundSource, int addressBytes) {
        this.program = program;
        this.loopback = loopback;
        this.inboundSource = inboundSource;
        this.addressBytes = addressBytes;
    }

    String program() {
        return program;
    }

    String loopback() {
        return loopback;
    }

    /** From where a sidecar calls its application at an address of this host, so that it is not taken for a call to another (Istio's). */
    String inboundSource() {
        return inboundSource;
    }

    int addressBytes() {
        return addressBytes;
    }
}
