package mesh.control;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.cert.X509Certificate;
import java.util.function.Supplier;

/** The state of the control plane as series, read at each scrape. What happens is counted where it happens. */
final class Gauges {

    private Gauges() {}

    static void register(MeterRegistry registry, ControlPlane plane) {
        Gauge.builder("mesh_config_version", plane.store(), store -> store.current().version())
            .description("version of the configuration that is in force")
            .register(registry);
        plane.etcd().ifPresent(etcd -> Gauge.builder("mesh_store_silence_seconds", etcd::silentSeconds)
            .description("for how long no etcd server has answered")
            .register(registry));
        plane.replicas().ifPresent(replicas -> Gauge.builder("mesh_store_leader", () -> replicas.leads() ? 1 : 0)
            .description("1 on the replica that leads, 0 on the others")
            .register(registry));
        expiry(registry, "root", () -> plane.ca().issuer().root());
        // Of a root that signs identities itself: the same.
        expiry(registry, "intermediate", () -> plane.ca().issuer().certificate());
        expiry(registry, "serving", () -> plane.servingKey().current().leaf());
    }

    private static void expiry(MeterRegistry registry, String kind, Supplier<X509Certificate> certificate) {
        Gauge.builder("mesh_certificate_expiry_timestamp_seconds", () -> certificate.get().getNotAfter().getTime() / 1000)
            .description("when the certificate expires, in seconds since 1970")
            .tag("kind", kind)
            .register(registry);
    }
}
