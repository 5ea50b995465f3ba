package mesh.xds;

import io.envoyproxy.envoy.config.core.v3.Locality;
import java.util.Optional;

/** Where something runs. */
public final class Localities {

    private Localities() {}

    public static Locality encode(mesh.model.Locality locality) {
        return Locality.newBuilder().setRegion(locality.region()).setZone(locality.zone()).setSubZone(locality.subZone()).build();
    }

    /** Empty for one that does not begin at a region, which only tells groups of endpoints apart, and after a problem. */
    static Optional<mesh.model.Locality> decode(Locality message, Reading reading) {
        return message.getRegion().isEmpty() ? Optional.empty() : Optional.ofNullable(reading.check(() ->
            new mesh.model.Locality(message.getRegion(), message.getZone(), message.getSubZone())));
    }
}
