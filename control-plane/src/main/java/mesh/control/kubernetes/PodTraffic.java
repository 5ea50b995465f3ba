package mesh.control.kubernetes;

import java.util.Optional;
import mesh.model.DownstreamTls;

/**
 * What becomes of the intercepted connections of pods.
 *
 * @param outbound  of those that no service is for
 * @param inboundTls of whom a pod lets in; empty for anybody in plaintext alone
 */
public record PodTraffic(Outbound outbound, Optional<DownstreamTls.Mode> inboundTls) {

    /** Istio's {@code outboundTrafficPolicy}. */
    public enum Outbound {
        /** They go where they were opened to. */
        ALLOW_ANY,
        /** They are closed. */
        REGISTRY_ONLY;

        /** @throws IllegalArgumentException naming the text and what was expected */
        public static Outbound parse(String text) {
            return switch (text) {
                case "allow_any" -> ALLOW_ANY;
                case "registry_only" -> REGISTRY_ONLY;
                default -> throw new IllegalArgumentException("\"" + text + "\" (expected: allow_any or registry_only)");
            };
        }
    }
}
