package mesh.proxy.tracing;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import mesh.model.Address;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.model.TracingPolicy;
import mesh.time.Env;

/** The tracing of all listeners, by where their spans go: who sends to one collector in one name shares it. Any thread. */
public final class Tracers implements AutoCloseable {

    /** OpenTelemetry's word for a process that nobody has named. */
    private static final String UNKNOWN = "unknown_service:mesh";

    private record Key(Address collector, String service) {
        static Key of(TracingPolicy policy) {
            return new Key(policy.endpoint(), policy.service());
        }
    }

    private final Env env;
    private final SpanCounter counter;
    private final Map<Key, SpanExporter> exporters = new LinkedHashMap<>();
    private String workload = "";
    private String node = "";

    /** @param counter told what became of spans */
    public Tracers(Env env, SpanCounter counter) {
        this.env = env;
        this.counter = counter;
    }

    /** Who this sidecar is, where a configuration does not say it. Before the first. */
    public synchronized void named(String itsWorkload, String itsNode) {
        workload = itsWorkload;
        node = itsNode;
    }

    /** The tracer of a listener, or null for none. */
    public synchronized Tracer of(Listener listener) {
        return listener.tracing().map(policy -> new Tracer(policy, exporters.computeIfAbsent(Key.of(policy), this::exporter))).orElse(null);
    }

    private SpanExporter exporter(Key key) {
        Map<String, String> resource = new LinkedHashMap<>();
        resource.put("service.name", !key.service.isEmpty() ? key.service : !workload.isEmpty() ? workload : UNKNOWN);
        if (!node.isEmpty()) resource.put("service.instance.id", node);
        SpanExporter exporter = new SpanExporter(key.collector.toString(), new OtlpCollector(key.collector, resource), env, counter);
        exporter.start();
        return exporter;
    }

    /** A configuration is in force: what it does not name ends. */
    public synchronized void keep(MeshSnapshot now) {
        Set<Key> named = new HashSet<>();
        now.listeners().values().forEach(listener -> listener.tracing().ifPresent(policy -> named.add(Key.of(policy))));
        exporters.entrySet().removeIf(each -> {
            if (named.contains(each.getKey())) return false;
            each.getValue().retire();
            return true;
        });
    }

    /** Sends what waits. */
    @Override
    public synchronized void close() {
        exporters.values().forEach(SpanExporter::close);
        exporters.clear();
    }
}
