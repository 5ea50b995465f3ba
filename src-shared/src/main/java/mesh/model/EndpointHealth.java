package mesh.model;

import java.util.Arrays;
import java.util.stream.Collectors;

/** What whoever names an endpoint says about it, beside what sidecars find out themselves. New requests go to healthy ones. */
public enum EndpointHealth {
    /** Nothing speaks against it. */
    HEALTHY,
    /** It is known to fail. */
    UNHEALTHY,
    /** It is about to go: what it is serving may end, nothing new is sent to it. */
    DRAINING;

    /** As it stands in configurations. */
    public String text() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    /** @throws IllegalArgumentException naming the text and what was expected */
    public static EndpointHealth parse(String text) {
        for (EndpointHealth each : values()) {
            if (each.text().equals(text)) return each;
        }
        throw new IllegalArgumentException("\"" + text + "\" (expected: "
            + Arrays.stream(values()).map(EndpointHealth::text).collect(Collectors.joining(", ")) + ")");
    }
}
