package mesh.model;

import java.util.Locale;
import java.util.Set;

/**
 * mTLS towards whoever connects: TLS 1.3, client certificate required and verified against the trust bundle.
 *
 * @param mode  whether there is another way
 * @param allow identities that may connect by TLS; empty means any of the sidecar's trust domain
 */
public record DownstreamTls(Mode mode, Set<SpiffeId> allow) {

    /** What becomes of clients that do not speak TLS. Without any TLS, {@code disable} in configurations, a listener has no {@link DownstreamTls}. */
    public enum Mode {
        /** They are refused. */
        STRICT,
        /** They are let in, counted and listed, for as long as not every client has a certificate yet. */
        PERMISSIVE;

        public static final String DISABLE = "disable";

        /** Null for {@link #DISABLE}. @throws IllegalArgumentException naming the text and what was expected */
        public static Mode parse(String text) {
            if (text.equals(DISABLE)) return null;
            for (Mode each : values()) if (each.text().equals(text)) return each;
            throw new IllegalArgumentException("\"" + text + "\" (expected: strict, permissive or disable)");
        }

        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public DownstreamTls {
        allow = Set.copyOf(allow);
    }

    /** Strict. */
    public DownstreamTls(Set<SpiffeId> allow) {
        this(Mode.STRICT, allow);
    }

    public boolean isPermissive() {
        return mode == Mode.PERMISSIVE;
    }
}
