package mesh.config;

import mesh.model.HedgePolicy;

/** {@code hedge} of a route. */
final class HedgeForm {

    private HedgeForm() {}

    /** Null after a finding. */
    static HedgePolicy read(Section s) {
        HedgePolicy.Trigger after = s.read("after", HedgePolicy.DEFAULT.after(), HedgePolicy.Trigger::parse);
        Double maxExtra = s.read("maxExtra", HedgePolicy.DEFAULT.maxExtra(), Values::share);
        s.end();
        return s.make(() -> new HedgePolicy(after, maxExtra));
    }
}
