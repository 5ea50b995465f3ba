package mesh.control.kubernetes;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.dsl.Informable;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Objects of a kind that a cluster may not know: none until somebody installs its definition, which is looked for again and again. One thread, but for
 * {@link #close}.
 */
final class Followed<T extends HasMetadata> implements AutoCloseable {

    private static final long AGAIN_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final BooleanSupplier isKnown;
    private final Informable<T> objects;
    private final String what;
    private final Runnable onChange;
    private volatile SharedIndexInformer<T> informer;
    private long lookedNanos = System.nanoTime() - AGAIN_NANOS;

    /** @param isKnown whether the cluster knows the kind now */
    Followed(BooleanSupplier isKnown, Informable<T> objects, String what, Runnable onChange) {
        this.isKnown = isKnown;
        this.objects = objects;
        this.what = what;
        this.onChange = onChange;
    }

    /** Whether {@link #list} has them all. Throws what the client does while the API server is away. */
    boolean isComplete() {
        if (informer == null && System.nanoTime() - lookedNanos >= AGAIN_NANOS && isKnown.getAsBoolean()) {
            SharedIndexInformer<T> started = ApiServices.informer(objects, what);
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
