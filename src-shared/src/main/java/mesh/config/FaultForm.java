package mesh.config;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import mesh.model.FaultPolicy;
import mesh.model.Percent;

/** {@code fault} of a route. */
final class FaultForm {

    private FaultForm() {}

    /** Null after a finding. */
    static FaultPolicy read(Section s) {
        Optional<FaultPolicy.Delay> delay = s.section("delay").map(FaultForm::delay);
        Optional<FaultPolicy.Abort> abort = s.section("abort").map(FaultForm::abort);
        s.end();
        return s.make(() -> new FaultPolicy(delay, abort));
    }

    private static FaultPolicy.Delay delay(Section s) {
        Duration fixed = s.duration("fixed", null, false);
        oneOf(s, "fixed");
        Percent percent = percent(s);
        s.end();
        return s.make(() -> new FaultPolicy.Delay(Optional.ofNullable(fixed), percent));
    }

    private static FaultPolicy.Abort abort(Section s) {
        FaultPolicy.Status http = s.read("status", null, text -> new FaultPolicy.Http(Values.integer(text, 200, 599)));
        FaultPolicy.Status grpc = s.read("grpcStatus", null, text -> new FaultPolicy.Grpc(Values.integer(text, 1, 16)));
        oneOf(s, "status", "grpcStatus");
        Percent percent = percent(s);
        s.end();
        return s.make(() -> new FaultPolicy.Abort(Optional.ofNullable(http == null ? grpc : http), percent));
    }

    /** Or {@code byHeader: true}. */
    private static void oneOf(Section s, String... keys) {
        boolean byHeader = Boolean.TRUE.equals(s.flag("byHeader", false));
        List<String> given = List.of(keys).stream().filter(s::has).toList();
        if (given.isEmpty() && !byHeader) s.wrong(keys[0], "missing (expected: " + String.join(", ", keys) + " or byHeader: true)");
        given.stream().skip(byHeader ? 0 : 1).forEach(key -> s.refuse(key, "beside " + (byHeader ? "byHeader" : given.get(0)), "one of them"));
    }

    private static Percent percent(Section s) {
        return s.required("percent", "a share of the requests, from 0 to 100", Percent::parse);
    }
}
