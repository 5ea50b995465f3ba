package mesh.proxy.upstream;

import java.util.Optional;
import mesh.model.BalancingPolicy;
import mesh.model.Endpoint;
import mesh.model.Locality;

/**
 * Where an endpoint stands, as seen from its sidecar.
 *
 * @param priority as configured; lower ones come first
 * @param distance within a priority: 0 for near, to {@link #ELSEWHERE}
 * @param locality where it runs; empty for not known
 */
public record Place(int priority, int distance, Optional<Locality> locality) {

    /** What nobody prefers. */
    public static final Place ANYWHERE = new Place(0, 0, Optional.empty());

    /** Another region, or not known where. */
    private static final int ELSEWHERE = 3;
    private static final int DISTANCES = ELSEWHERE + 1;

    /** @param here where the sidecar runs; empty for not known, and then everything is near */
    public static Place of(Endpoint endpoint, Optional<Locality> here, BalancingPolicy policy) {
        int distance = !policy.preferLocal() || here.isEmpty() ? 0 : endpoint.locality().map(here.get()::distance).orElse(ELSEWHERE);
        return new Place(endpoint.priority(), distance, endpoint.locality());
    }

    int level() {
        return priority * DISTANCES + distance;
    }

    /** What a level stands for, for people. */
    public static String text(int level) {
        return "priority " + level / DISTANCES + switch (level % DISTANCES) {
            case 0 -> "";
            case 1 -> ", same zone";
            case 2 -> ", same region";
            default -> ", elsewhere";
        };
    }
}
