package mesh.proxy.telemetry;

import java.util.random.RandomGenerator;
import mesh.model.AccessLogPolicy;
import mesh.model.BreakerFailure;
import mesh.model.Percent;

/** The access log of a listener: which of its requests are written, and where they go. Any event loop. */
public final class AccessLogger {

    private static final int ERRORS_FROM = 500;

    private final AccessLogPolicy policy;
    private final AccessLogFile file;
    private final boolean all;

    AccessLogger(AccessLogPolicy policy, AccessLogFile file) {
        this.policy = policy;
        this.file = file;
        this.all = policy.sample().equals(Percent.ALL);
    }

    public AccessLogPolicy.Format format() {
        return policy.format();
    }

    /**
     * Whether a request is to be written: asked before its entry is made.
     *
     * @param flagged    whether there is more to be known of it than that
     * @param grpcStatus -1 for none
     */
    public boolean wants(int status, boolean flagged, int grpcStatus, RandomGenerator random) {
        return all || policy.errors() && isError(status, flagged, grpcStatus)
            || random.nextInt(Percent.ALL.millionths()) < policy.sample().millionths();
    }

    private static boolean isError(int status, boolean flagged, int grpcStatus) {
        return status >= ERRORS_FROM || flagged || BreakerFailure.isServerFault(grpcStatus);
    }

    /** Hands it over; never waits. */
    public void write(AccessEntry entry) {
        file.offer(entry);
    }
}
