package mesh.model;

import java.time.Duration;

/**
 * How long one request may take.
 *
 * @param request the whole request with all its tries, from its head to the end of the answer; zero means no limit. Upgraded
 *                connections leave it behind. Default 15 s (Envoy's).
 * @param idle    longest silence on a request in both directions; zero means no limit. Default 5 min (Envoy's stream idle timeout).
 */
public record Timeouts(Duration request, Duration idle) {

    public static final Timeouts DEFAULT = new Timeouts(Duration.ofSeconds(15), Duration.ofMinutes(5));

    public Timeouts {
        Checks.notNegative("timeout", request);
        Checks.notNegative("idleTimeout", idle);
    }
}
