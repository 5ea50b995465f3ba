package mesh.config;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import mesh.model.Address;
import mesh.model.Listener;
import mesh.model.Listener.HttpTraffic;
import mesh.model.Percent;
import mesh.model.TracingPolicy;

/** {@code tracing}: a section or {@code false}, of the file for all its HTTP listeners and of a listener in its place. */
final class TracingForm {

    private static final String ENDPOINT = "host:port, such as otel-collector:4317";

    /** What listeners say themselves, by name; empty for false. */
    private final Map<String, Optional<TracingPolicy>> own = new HashMap<>();

    /** Keeps what a listener says, until it can be {@link #complete}d. */
    void listener(Section s, String name, boolean tcp) {
        if (tcp) s.refuse("tracing", "beside protocol tcp", "only with protocol http");
        else if (s.has("tracing")) own.put(name, read(s));
    }

    /** Empty for none, for false, and after a finding. */
    Optional<TracingPolicy> read(Section s) {
        if (!s.has("tracing")) return Optional.empty();
        if (s.text("tracing").isEmpty()) return s.section("tracing").map(TracingForm::policy);
        if (Boolean.TRUE.equals(s.flag("tracing", false))) s.wrong("tracing", "\"true\" (expected: false, or a mapping with an endpoint)");
        return Optional.empty();
    }

    /** @param common what the file says for all */
    Listener complete(Listener listener, Optional<TracingPolicy> common) {
        return listener.traffic() instanceof HttpTraffic ? listener.withTracing(own.getOrDefault(listener.name(), common)) : listener;
    }

    /** Null after a finding. */
    private static TracingPolicy policy(Section s) {
        Address endpoint = s.required("endpoint", ENDPOINT, Values::dialled);
        Percent sampling = s.read("sampling", TracingPolicy.DEFAULT_SAMPLING, Percent::parse);
        String service = s.read("service", "", Values::name);
        s.end();
        return s.make(() -> new TracingPolicy(endpoint, sampling, service));
    }
}
