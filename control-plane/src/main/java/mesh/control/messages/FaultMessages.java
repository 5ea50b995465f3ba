package mesh.control.messages;

import java.util.Optional;
import mesh.model.FaultPolicy;
import mesh.model.Percent;

/** {@code mesh.v1.Fault}, to the model and back. */
final class FaultMessages {

    private FaultMessages() {}

    /** Null when there were problems. */
    static FaultPolicy decode(mesh.v1.Fault m, String path, Problems problems) {
        int before = problems.count();
        Optional<FaultPolicy.Delay> delay = m.hasDelay() ? Optional.ofNullable(delay(m.getDelay(), path + ".delay", problems)) : Optional.empty();
        Optional<FaultPolicy.Abort> abort = m.hasAbort() ? Optional.ofNullable(abort(m.getAbort(), path + ".abort", problems)) : Optional.empty();
        return problems.count() > before ? null : problems.read(path, () -> new FaultPolicy(delay, abort));
    }

    private static FaultPolicy.Delay delay(mesh.v1.FaultDelay m, String path, Problems problems) {
        Percent percent = percent(m.hasPercent(), m.getPercent(), path, problems);
        if (m.hasFixed() == m.getByHeader()) {
            problems.add(path, (m.hasFixed() ? "fixed and by_header" : "missing") + " (expected: one of fixed, by_header)");
            return null;
        }
        Optional<java.time.Duration> fixed = m.hasFixed()
            ? Optional.of(Values.positive(path + ".fixed", m.getFixed(), problems)) : Optional.empty();
        return percent == null ? null : problems.read(path, () -> new FaultPolicy.Delay(fixed, percent));
    }

    private static FaultPolicy.Abort abort(mesh.v1.FaultAbort m, String path, Problems problems) {
        Percent percent = percent(m.hasPercent(), m.getPercent(), path, problems);
        int given = (m.getStatus() != 0 ? 1 : 0) + (m.getGrpcStatus() != 0 ? 1 : 0) + (m.getByHeader() ? 1 : 0);
        if (given != 1) {
            problems.add(path, (given == 0 ? "missing" : "more than one") + " (expected: one of status, grpc_status, by_header)");
            return null;
        }
        return percent == null ? null : problems.read(path, () -> new FaultPolicy.Abort(
            m.getByHeader() ? Optional.empty()
                : Optional.of(m.getStatus() != 0 ? new FaultPolicy.Http(m.getStatus()) : new FaultPolicy.Grpc(m.getGrpcStatus())), percent));
    }

    /** Null when there were problems. */
    static Percent percent(boolean present, double percent, String path, Problems problems) {
        if (!present) {
            problems.add(path + ".percent", "missing (expected: a share of the requests, from 0 to 100)");
            return null;
        }
        return problems.read(path + ".percent", () -> Percent.of(percent));
    }

    static mesh.v1.Fault encode(FaultPolicy policy) {
        mesh.v1.Fault.Builder m = mesh.v1.Fault.newBuilder();
        policy.delay().ifPresent(delay -> {
            mesh.v1.FaultDelay.Builder to = m.getDelayBuilder().setPercent(delay.percent().percent()).setByHeader(delay.fixed().isEmpty());
            delay.fixed().ifPresent(fixed -> to.setFixed(Values.message(fixed)));
        });
        policy.abort().ifPresent(abort -> {
            mesh.v1.FaultAbort.Builder to = m.getAbortBuilder().setPercent(abort.percent().percent()).setByHeader(abort.with().isEmpty());
            if (abort.with().orElse(null) instanceof FaultPolicy.Http http) to.setStatus(http.status());
            if (abort.with().orElse(null) instanceof FaultPolicy.Grpc grpc) to.setGrpcStatus(grpc.status());
        });
        return m.build();
    }
}
