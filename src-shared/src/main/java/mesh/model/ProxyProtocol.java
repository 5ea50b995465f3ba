package mesh.model;

import java.util.Locale;

/** HAProxy's PROXY protocol ({@code proxy-protocol.txt}): a proxy says, before anything else on a connection, whose it is. */
public final class ProxyProtocol {

    private ProxyProtocol() {}

    /** The form of what is sent. What is received tells itself which it is. */
    public enum Version {
        /** A line of text. */
        V1,
        /** Binary. */
        V2;

        /** The name in configuration. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** @throws IllegalArgumentException naming the text and what was expected */
        public static Version parse(String text) {
            for (Version each : values()) if (each.text().equals(text)) return each;
            throw new IllegalArgumentException("\"" + text + "\" (expected: v1 or v2)");
        }
    }

    /** Whether a listener's clients say whose their connections are. */
    public enum Acceptance {
        /** They do not, and nothing that they send is taken for it. */
        NONE,
        /** They may. Whoever reaches the listener is believed, so that only proxies may reach it. */
        OPTIONAL,
        /** A connection that does not begin so is closed. */
        REQUIRED;

        /** The name in configuration. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** @throws IllegalArgumentException naming the text and what was expected */
        public static Acceptance parse(String text) {
            for (Acceptance each : values()) if (each.text().equals(text)) return each;
            throw new IllegalArgumentException("\"" + text + "\" (expected: none, optional or required)");
        }
    }
}
