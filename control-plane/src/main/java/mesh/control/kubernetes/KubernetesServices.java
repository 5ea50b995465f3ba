package mesh.control.kubernetes;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BooleanSupplier;
import mesh.control.store.MeshStore;
import mesh.model.TrustDomain;

/** Services of Kubernetes in the configuration, for as long as it is open. */
public final class KubernetesServices implements AutoCloseable {

    private final KubernetesClient client;
    private final ServiceSource source;
    private final ScheduledExecutorService timer;

    /**
     * Begins at once, and waits for the API server as long as need be.
     *
     * @param client closed with this
     * @param leads  whether this replica is the one that writes
     */
    public KubernetesServices(
        KubernetesClient client, TrustDomain trustDomain, PodTraffic policy, MeshStore store, BooleanSupplier leads, MeterRegistry meters) {
        this.client = client;
        this.source = new ApiServices(client, trustDomain, policy);
        this.timer = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "mesh-kubernetes");
            thread.setDaemon(true);
            return thread;
        });
        Gauge.builder("mesh_kubernetes_synced", source, each -> each.isComplete() ? 1 : 0)
            .description("1 once the services of Kubernetes are known").strongReference(true).register(meters);
        new ServiceSync(source, store, leads, timer).start();
    }

    @Override
    public void close() {
        timer.shutdownNow();
        source.close();
        client.close();
    }
}
