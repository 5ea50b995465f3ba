package mesh.control.kubernetes;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Objects of a kind that a cluster may not know: none until somebody installs its definition, which is looked for again and again. One thread, but for
 * {@link #close}.
 */
final class Followed<T extends HasMetadata> implements AutoCloseable {

    private static final long AGAIN_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final KubernetesClient client;
    private final Class<T> kind;
    private final Runnable onChange;
    private volatile SharedIndexInformer<T> informer;
    private long lookedNanos = System.nanoTime() - AGAIN_NANOS;

    Followed(KubernetesClient client, Class<T> kind, Runnable onChange) {
        this.client = client;
        this.kind = kind;
        this.onChange = onChange;
    }

    /** Whether {@link #list} has them all. Throws what the client does while the API server is away. */
    boolean isComplete() {
        if (informer == null && System.nanoTime() - lookedNanos >= AGAIN_NANOS && client.supports(kind)) {
            SharedIndexInformer<T> started = ApiServices.informer(client.resources(kind).inAnyNamespace(), HasMetadata.getPlural(kind));
            informer = started;
            ApiServices.start(started, onChange);
        }
        if (informer == null) {
            // Not before the API server has said so.
            lookedNanos = System.nanoTime();
            return true;
        }
        return informer.hasSynced();
    }

    List<T> list() {
        return informer == null ? List.of() : informer.getStore().list();
    }

    @Override
    public void close() {
        if (informer != null) informer.stop();
    }
}
