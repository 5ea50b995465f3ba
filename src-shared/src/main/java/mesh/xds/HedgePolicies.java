package mesh.xds;

import mesh.model.HedgePolicy;
import mesh.v1.Hedge;

/** Hedging, as the mesh's own message: Envoy's {@code HedgePolicy} begins a second try only when a try's time is over. */
final class HedgePolicies {

    private HedgePolicies() {}

    static Hedge encode(HedgePolicy policy) {
        return Hedge.newBuilder().setAfter(policy.after().text()).setMaxExtra(policy.maxExtra()).build();
    }

    /** Null after a problem. */
    static HedgePolicy decode(Hedge message, Reading reading) {
        HedgePolicy.Trigger after = message.getAfter().isEmpty() ? HedgePolicy.DEFAULT.after()
            : reading.at("after").check(() -> HedgePolicy.Trigger.parse(message.getAfter()));
        double maxExtra = message.getMaxExtra() == 0 ? HedgePolicy.DEFAULT.maxExtra() : message.getMaxExtra();
        return after == null ? null : reading.check(() -> new HedgePolicy(after, maxExtra));
    }
}
