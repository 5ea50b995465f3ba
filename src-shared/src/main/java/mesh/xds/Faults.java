package mesh.xds;

import com.google.protobuf.Any;
import io.envoyproxy.envoy.extensions.filters.common.fault.v3.FaultDelay;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.FaultAbort;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import mesh.model.FaultPolicy;
import mesh.model.FaultPolicy.Abort;
import mesh.model.FaultPolicy.Delay;
import mesh.model.FaultPolicy.Status;
import mesh.model.Percent;

/** Faults as the configuration of Envoy's filter for them, which stands in every listener with nothing to do until a route configures it. */
final class Faults {

    static final String FILTER = "envoy.filters.http.fault";

    private Faults() {}

    static HTTPFault encode(FaultPolicy policy) {
        HTTPFault.Builder message = HTTPFault.newBuilder();
        policy.delay().ifPresent(delay -> {
            FaultDelay.Builder to = message.getDelayBuilder().setPercentage(Fractions.encode(delay.percent()));
            if (delay.fixed().isPresent()) to.setFixedDelay(Wire.duration(delay.fixed().get()));
            else to.setHeaderDelay(FaultDelay.HeaderDelay.getDefaultInstance());
        });
        policy.abort().ifPresent(abort -> {
            FaultAbort.Builder to = message.getAbortBuilder().setPercentage(Fractions.encode(abort.percent()));
            Status with = abort.with().orElse(null);
            if (with instanceof FaultPolicy.Http http) to.setHttpStatus(http.status());
            else if (with instanceof FaultPolicy.Grpc grpc) to.setGrpcStatus(grpc.status());
            else to.setHeaderAbort(FaultAbort.HeaderAbort.getDefaultInstance());
        });
        return message.build();
    }

    /** Null for none, and when problems were noted. */
    static FaultPolicy decode(Any config, Reading reading) {
        HTTPFault message = reading.unpack(config, HTTPFault.class);
        if (message == null) return null;
        reading.only(message, Set.of("delay", "abort"));
        Optional<Delay> delay = message.hasDelay() ? Optional.ofNullable(delay(message.getDelay(), reading.at("delay"))) : Optional.empty();
        Optional<Abort> abort = message.hasAbort() ? Optional.ofNullable(abort(message.getAbort(), reading.at("abort"))) : Optional.empty();
        return delay.isEmpty() && abort.isEmpty() ? null : new FaultPolicy(delay, abort);
    }

    private static Delay delay(FaultDelay message, Reading reading) {
        reading.only(message, Set.of("fixed_delay", "header_delay", "percentage"));
        Percent percent = Fractions.decode(message.getPercentage(), reading.at("percentage"));
        if (percent == null) return null;
        Optional<Duration> fixed = message.hasHeaderDelay() ? Optional.empty()
            : Optional.of(reading.at("fixed_delay").duration(message.getFixedDelay(), Duration.ofSeconds(1)));
        return reading.check(() -> new Delay(fixed, percent));
    }

    private static Abort abort(FaultAbort message, Reading reading) {
        reading.only(message, Set.of("http_status", "grpc_status", "header_abort", "percentage"));
        Percent percent = Fractions.decode(message.getPercentage(), reading.at("percentage"));
        if (percent == null) return null;
        return reading.check(() -> new Abort(message.hasHeaderAbort() ? Optional.empty()
            : Optional.of(message.hasGrpcStatus() ? new FaultPolicy.Grpc(message.getGrpcStatus()) : new FaultPolicy.Http(message.getHttpStatus())),
            percent));
    }
}
