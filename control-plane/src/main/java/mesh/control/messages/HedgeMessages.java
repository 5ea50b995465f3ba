package mesh.control.messages;

import mesh.model.HedgePolicy;

/** {@code mesh.v1.Hedge}, to the model and back. */
final class HedgeMessages {

    private HedgeMessages() {}

    /** Null when there were problems. */
    static HedgePolicy decode(mesh.v1.Hedge m, String path, Problems problems) {
        HedgePolicy.Trigger after = m.getAfter().isEmpty() ? HedgePolicy.DEFAULT.after()
            : problems.read(path + ".after", () -> HedgePolicy.Trigger.parse(m.getAfter()));
        double maxExtra = m.getMaxExtra() == 0 ? HedgePolicy.DEFAULT.maxExtra() : m.getMaxExtra();
        return after == null ? null : problems.read(path, () -> new HedgePolicy(after, maxExtra));
    }

    static mesh.v1.Hedge encode(HedgePolicy policy) {
        return mesh.v1.Hedge.newBuilder().setAfter(policy.after().text()).setMaxExtra(policy.maxExtra()).build();
    }
}
