package mesh.proxy.discovery;

import io.grpc.ManagedChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import mesh.model.TrustBundle;

/** Follows the trust bundle, one stream after another. All of it, the sink included, on one thread that others may use too. */
final class BundleFollower {

    private final Supplier<ManagedChannel> channels;
    private final String node;
    private final Predicate<TrustBundle> sink;
    private final Reconnect reconnect;
    private final RandomGenerator random;
    private final ScheduledExecutorService thread;
    private volatile boolean closed;
    private BundleWatch watch;

    /**
     * One that has not begun.
     *
     * @param node     as the sidecar calls itself
     * @param channels to the control plane; asked before each stream, throws when there is none yet
     * @param sink     brings a bundle into force, and says whether it is; the control plane is told then
     */
    BundleFollower(String node, Supplier<ManagedChannel> channels, Predicate<TrustBundle> sink, Reconnect reconnect, RandomGenerator random,
        ScheduledExecutorService thread) {
        this.node = node;
        this.channels = channels;
        this.sink = sink;
        this.reconnect = reconnect;
        this.random = random;
        this.thread = thread;
    }

    /** For as long as this is not closed. On its thread, as the two below. */
    void start() {
        reconnect.untilGood(this::attempt).whenComplete((worked, failure) -> again());
    }

    /** Leaves the stream that is open for one on the channel that is current. */
    void moveOver() {
        if (watch != null) {
            watch.cancel();
        }
    }

    void close() {
        closed = true;
        moveOver();
    }

    private void again() {
        if (closed) {
            return;
        }
        try {
            thread.schedule(this::start, random.nextLong(Reconnect.FIRST.toMillis() + 1), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            // The thread has ended: so has this.
        }
    }

    /** Completes normally if the control plane ever answered, or there is nothing to try any more. */
    private CompletionStage<Void> attempt() {
        CompletableFuture<Void> end = new CompletableFuture<>();
        try {
            thread.execute(() -> begin(end));
        } catch (RejectedExecutionException e) {
            end.complete(null);
        }
        return end;
    }

    private void begin(CompletableFuture<Void> end) {
        if (closed) {
            end.complete(null);
            return;
        }
        try {
            ManagedChannel channel = channels.get();
            // Its own pauses grow to minutes; ours decide.
            channel.resetConnectBackoff();
            watch = new BundleWatch(node, this::arrived, end);
            watch.begin(channel);
        } catch (RuntimeException e) {
            end.completeExceptionally(e);
        }
    }

    private void arrived(TrustBundle bundle, Runnable acknowledge) {
        try {
            thread.execute(() -> {
                if (sink.test(bundle)) {
                    acknowledge.run();
                }
            });
        } catch (RejectedExecutionException e) {
            // The thread has ended: nobody is left to be told.
        }
    }
}
