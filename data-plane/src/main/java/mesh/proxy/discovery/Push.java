package mesh.proxy.discovery;

import com.google.rpc.Code;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mesh.model.Problem;
import mesh.xds.Decoded;
import mesh.xds.ResourceType;

/**
 * One response of a control plane, decoded.
 *
 * @param version   the control plane's version of its whole configuration; "" if it does not tell, or not yet
 * @param whole     whether the control plane promises that the response which completes a version carries its number, as ours does
 * @param resources new or changed
 * @param removed   names that are no longer there
 * @param beats     resources that stay what they are for another while
 * @param errors    why there is nothing, by name
 */
record Push(ResourceType type, String version, boolean whole, List<Resource> resources, List<String> removed, List<Heartbeat> beats,
    Map<String, String> errors) {

    private static final Duration LONGEST = Duration.ofDays(36_500);

    /**
     * @param version of this resource alone
     * @param decoded the record of the model, or what is wrong
     * @param ttl     after which it is gone unless it comes again or a heartbeat does; empty for never
     */
    record Resource(String name, String version, Decoded<?> decoded, Optional<Duration> ttl) {}

    /** Says of a resource that is here only that it is still good. */
    record Heartbeat(String name, String version, Optional<Duration> ttl) {}

    /** @param ours whether it comes from a control plane that promises whole versions */
    static Push of(ResourceType type, DeltaDiscoveryResponse response, boolean ours) {
        List<Resource> resources = new ArrayList<>();
        List<Heartbeat> beats = new ArrayList<>();
        for (var each : response.getResourcesList()) {
            Optional<Duration> ttl = each.hasTtl() ? Optional.of(duration(each.getTtl())) : Optional.empty();
            if (!each.hasResource() && ttl.isPresent()) {
                beats.add(new Heartbeat(each.getName(), each.getVersion(), ttl));
            } else {
                resources.add(new Resource(each.getName(), each.getVersion(), type.decode(each.getName(), each.getResource()), ttl));
            }
        }
        Map<String, String> errors = new LinkedHashMap<>();
        response.getResourceErrorsList().forEach(each -> errors.put(each.getResourceName().getName(),
            Code.forNumber(each.getErrorDetail().getCode()) + ": " + each.getErrorDetail().getMessage()));
        return new Push(type, response.getSystemVersionInfo(), ours, resources, List.copyOf(response.getRemovedResourcesList()), beats, errors);
    }

    /** As far as a ticker can count. */
    private static Duration duration(com.google.protobuf.Duration wire) {
        long seconds = Math.max(0, Math.min(wire.getSeconds(), LONGEST.toSeconds()));
        return Duration.ofSeconds(seconds, Math.max(0, wire.getNanos()));
    }

    List<Problem> problems() {
        List<Problem> problems = new ArrayList<>();
        for (Resource resource : resources) {
            if (resource.decoded instanceof Decoded.Bad<?> bad) {
                problems.addAll(bad.problems());
            }
        }
        return problems;
    }
}
