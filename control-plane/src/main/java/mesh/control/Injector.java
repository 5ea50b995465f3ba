package mesh.control;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import mesh.control.inject.Admission;
import mesh.control.inject.InjectorServer;
import mesh.control.inject.SidecarInjector;
import mesh.control.inject.WebhookBundle;
import mesh.control.kubernetes.ApiServer;
import org.jboss.logging.Logger;

/** The injector's servers: the webhook's port, and who keeps the webhook's configuration up to date. */
final class Injector implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(Injector.class);

    private final Deque<AutoCloseable> open = new ArrayDeque<>();

    private Injector() {}

    /** @throws IOException naming the address that cannot be bound */
    static Injector start(ControlPlane plane, StartOptions.Injection options, Vertx vertx, MeterRegistry meters) throws IOException {
        Injector injector = new Injector();
        for (String result : List.of("injected", "skipped", "refused")) counter(meters, result);
        SidecarInjector sidecars = new SidecarInjector(options.sidecar().apply(plane.issuer()::caPin));
        Admission admission = new Admission(sidecars, result -> counter(meters, result).increment());
        InjectorServer server = InjectorServer.start(vertx, options.listen(), plane.servingKey(), admission);
        injector.open.push(server);
        LOG.infof("injector ready: https %s", server.bound());
        if (options.webhook().isPresent()) {
            injector.keepBundle(plane, options.webhook().get(), vertx);
        }
        return injector;
    }

    private void keepBundle(ControlPlane plane, String webhook, Vertx vertx) {
        KubernetesClient client = ApiServer.client(plane.options().kubernetes().orElseThrow(), vertx);
        open.push(client);
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "mesh-webhook");
            thread.setDaemon(true);
            return thread;
        });
        open.push(timer::shutdownNow);
        new WebhookBundle(client, webhook, () -> plane.ca().bundle().authorities()).keep(timer);
    }

    private static Counter counter(MeterRegistry meters, String result) {
        return Counter.builder("mesh_injections").description("admission reviews of pods by what became of them").tag("result", result)
            .register(meters);
    }

    @Override
    public void close() {
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception e) {
                LOG.warnf("while the injector was closed: %s", e.getMessage());
            }
        }
    }
}
