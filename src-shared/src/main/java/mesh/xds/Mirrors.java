package mesh.xds;

import io.envoyproxy.envoy.config.core.v3.RuntimeFractionalPercent;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteAction.RequestMirrorPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import mesh.model.Mirror;
import mesh.model.Percent;

/** Mirrors as Envoy's {@code RequestMirrorPolicy}. */
final class Mirrors {

    private Mirrors() {}

    static List<RequestMirrorPolicy> encode(List<Mirror> mirrors) {
        return mirrors.stream().map(mirror -> RequestMirrorPolicy.newBuilder()
            .setCluster(mirror.cluster())
            .setRuntimeFraction(RuntimeFractionalPercent.newBuilder().setDefaultValue(Fractions.encode(mirror.percent())))
            .build()).toList();
    }

    static List<Mirror> decode(RouteAction action, Reading reading) {
        List<Mirror> mirrors = new ArrayList<>();
        for (int i = 0; i < action.getRequestMirrorPoliciesCount(); i++) {
            Mirror mirror = decode(action.getRequestMirrorPolicies(i), reading.at("request_mirror_policies", i));
            if (mirror != null) mirrors.add(mirror);
        }
        return mirrors;
    }

    /** Whether its spans are sampled concerns an Envoy's tracing alone. */
    private static Mirror decode(RequestMirrorPolicy message, Reading reading) {
        reading.only(message, Set.of("cluster", "runtime_fraction", "trace_sampled"));
        Reading at = reading.at("runtime_fraction");
        at.only(message.getRuntimeFraction(), Set.of("default_value"));
        Percent percent = message.hasRuntimeFraction()
            ? Fractions.decode(message.getRuntimeFraction().getDefaultValue(), at.at("default_value")) : Percent.ALL;
        return percent == null ? null : reading.check(() -> new Mirror(message.getCluster(), percent));
    }
}
