package mesh.control.messages;

import mesh.model.Address;
import mesh.model.Percent;
import mesh.model.TracingPolicy;

/** {@code mesh.v1.Tracing}, to the model and back. */
final class TracingMessages {

    private TracingMessages() {}

    /** Null when there were problems. */
    static TracingPolicy decode(mesh.v1.Tracing m, String path, Problems problems) {
        Address endpoint = problems.read(path + ".endpoint", () -> Address.parse(m.getEndpoint()));
        Percent sampling = m.hasSampling() ? problems.read(path + ".sampling", () -> Percent.of(m.getSampling())) : TracingPolicy.DEFAULT_SAMPLING;
        return endpoint == null || sampling == null ? null : problems.read(path, () -> new TracingPolicy(endpoint, sampling, m.getService()));
    }

    static mesh.v1.Tracing encode(TracingPolicy tracing) {
        return mesh.v1.Tracing.newBuilder().setEndpoint(tracing.endpoint().toString()).setSampling(tracing.sampling().percent())
            .setService(tracing.service()).build();
    }
}
