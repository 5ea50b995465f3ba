package mesh.control.admin;

import com.google.common.util.concurrent.MoreExecutors;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import mesh.control.messages.ChangeMessages;
import mesh.control.messages.ConfigMessages;
import mesh.control.stream.ConfigSource;
import mesh.model.MeshSnapshot;
import mesh.v1.Config;
import mesh.v1.WatchConfigResponse;

/**
 * Everybody who follows the configuration. On one thread of its own, so that neither the store nor a call waits for another watcher. While
 * a watcher does not read, nothing is kept for it: it is sent what is current once it reads on.
 */
final class ConfigWatches implements AutoCloseable {

    private final ConfigSource source;
    private final int most;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
        Thread made = new Thread(task, "mesh-watch");
        made.setDaemon(true);
        return made;
    });
    private final ConfigSource.Registration registration;

    // Below: on the thread only.
    private final Set<Watch> watches = new LinkedHashSet<>();
    private long encodedVersion = -1;
    private Config encoded;

    ConfigWatches(ConfigSource source, int most) {
        this.source = source;
        this.most = most;
        this.registration = source.onChange(changed -> run(() -> List.copyOf(watches).forEach(Watch::flush)));
    }

    /** To be called on the call's own thread, before it returns. */
    void begin(long afterVersion, ServerCallStreamObserver<WatchConfigResponse> out) {
        Watch watch = new Watch(afterVersion, out);
        out.setOnReadyHandler(() -> run(watch::flush));
        out.setOnCancelHandler(() -> run(() -> watches.remove(watch)));
        run(watch::begin);
    }

    private void run(Runnable step) {
        try {
            thread.execute(step);
        } catch (RejectedExecutionException e) {
            // Closed; every watcher has been told.
        }
    }

    /** For all watchers the same message. */
    private Config encoded(MeshSnapshot snapshot) {
        if (snapshot.version() != encodedVersion) {
            encoded = ConfigMessages.encode(snapshot);
            encodedVersion = snapshot.version();
        }
        return encoded;
    }

    @Override
    public void close() {
        registration.close();
        run(() -> {
            List<Watch> open = new ArrayList<>(watches);
            watches.clear();
            Status stopping = Status.UNAVAILABLE.withDescription("the control plane is stopping");
            open.forEach(watch -> watch.out.onError(stopping.asRuntimeException()));
        });
        MoreExecutors.shutdownAndAwaitTermination(thread, Duration.ofSeconds(5));
    }

    /** One watcher. */
    private final class Watch {

        private final ServerCallStreamObserver<WatchConfigResponse> out;
        private long has;
        private MeshSnapshot sent;

        Watch(long afterVersion, ServerCallStreamObserver<WatchConfigResponse> out) {
            this.has = afterVersion;
            this.out = out;
        }

        void begin() {
            if (watches.size() >= most) {
                Status full = Status.RESOURCE_EXHAUSTED.withDescription("watches: " + most + " are open (expected: fewer)");
                out.onError(full.asRuntimeException());
                return;
            }
            watches.add(this);
            flush();
        }

        void flush() {
            MeshSnapshot current = source.current();
            boolean news = sent == null ? current.version() != has : current.version() > sent.version();
            if (!news || !watches.contains(this) || !out.isReady()) {
                return;
            }
            WatchConfigResponse.Builder response = WatchConfigResponse.newBuilder().setVersion(current.version()).setConfig(encoded(current));
            if (sent != null) {
                response.addAllChanges(ChangeMessages.between(sent, current));
            }
            sent = current;
            out.onNext(response.build());
        }
    }
}
