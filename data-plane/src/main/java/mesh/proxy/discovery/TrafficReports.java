package mesh.proxy.discovery;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import mesh.proxy.telemetry.TrafficCount;
import mesh.time.Env;
import mesh.v1.DurationCount;
import mesh.v1.ReportTrafficResponse;
import mesh.v1.TrafficReport;
import mesh.v1.TrafficServiceGrpc;
import org.jboss.logging.Logger;

/**
 * Tells the control plane of the sidecar's requests, as often as that wants: it stops a rollout by them. What cannot be told is lost, and nothing
 * waits for it. On a thread of its own.
 */
public final class TrafficReports implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(TrafficReports.class);
    private static final long USUAL_NANOS = TimeUnit.SECONDS.toNanos(5);
    /** One that does not know of reports may be replaced by one that does. */
    private static final long AGAIN_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final long DEADLINE_SECONDS = 5;

    private final Supplier<ManagedChannel> channels;
    private final String node;
    private final TrafficCount count;
    private final Env env;
    private final ScheduledExecutorService thread = new ScheduledThreadPoolExecutor(1, task -> {
        Thread made = new Thread(task, "mesh-traffic");
        made.setDaemon(true);
        return made;
    });
    private long told;

    /**
     * @param channels to the control plane; asked before each report, throws when there is none
     * @param node     as the sidecar calls itself
     * @param count    of nobody else
     */
    public TrafficReports(Supplier<ManagedChannel> channels, String node, TrafficCount count, Env env) {
        this.channels = channels;
        this.node = node;
        this.count = count;
        this.env = env;
        this.told = env.ticker().nanos();
    }

    /** For as long as this is not closed. */
    public void start() {
        later(USUAL_NANOS);
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }

    private void later(long nanos) {
        try {
            thread.schedule(this::report, nanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            // Closed.
        }
    }

    private void report() {
        try {
            long now = env.ticker().nanos();
            TrafficReport report = encode(count.next(), now - told);
            told = now;
            TrafficServiceGrpc.newStub(channels.get()).withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS).reportTraffic(report, new Answer());
        } catch (RuntimeException e) {
            LOG.debugf("no report: %s", e.getMessage());
            later(USUAL_NANOS);
        }
    }

    private TrafficReport encode(TrafficCount.Seen seen, long nanos) {
        TrafficReport.Builder report = TrafficReport.newBuilder().setNode(node).setRequests(seen.requests()).setFailures(seen.failures())
            .setAt(Timestamp.newBuilder().setSeconds(env.clock().instant().getEpochSecond()))
            .setInterval(Duration.newBuilder().setSeconds(nanos / 1_000_000_000).setNanos((int) (nanos % 1_000_000_000)));
        seen.durations().forEach((micros, number) -> report.addDurations(DurationCount.newBuilder().setMicros(micros).setCount(number)));
        return report.build();
    }

    private final class Answer implements StreamObserver<ReportTrafficResponse> {

        private long next = USUAL_NANOS;

        @Override
        public void onNext(ReportTrafficResponse response) {
            long wanted = TimeUnit.SECONDS.toNanos(response.getNext().getSeconds()) + response.getNext().getNanos();
            next = Math.max(TimeUnit.MILLISECONDS.toNanos(200), Math.min(AGAIN_NANOS, wanted));
        }

        @Override
        public void onError(Throwable cause) {
            LOG.debugf("report not taken: %s", cause.getMessage());
            later(Status.fromThrowable(cause).getCode() == Status.Code.UNIMPLEMENTED ? AGAIN_NANOS : USUAL_NANOS);
        }

        @Override
        public void onCompleted() {
            later(next);
        }
    }
}
