package mesh.proxy.http1;

import io.netty.channel.ChannelHandlerContext;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import mesh.time.Ticker;

/**
 * One deadline at a time, moved by writing a number: the task that is scheduled wakes at the earliest moment it was ever asked for, and
 * sleeps again when the deadline has moved on. So a connection that is used costs a few wake-ups, not a task a request.
 */
final class Deadline {

    private final Ticker ticker;
    private final Runnable expired;
    private final Runnable wake = this::wake;
    private ChannelHandlerContext ctx;
    private boolean armed;
    private long at;
    private Future<?> scheduled;
    private long scheduledAt;

    Deadline(Ticker ticker, Runnable expired) {
        this.ticker = ticker;
        this.expired = expired;
    }

    void attach(ChannelHandlerContext context) {
        ctx = context;
    }

    void in(Duration left) {
        long nanos = left.toNanos();
        armed = true;
        at = ticker.nanos() + nanos;
        if (scheduled != null && scheduledAt - at <= 0) return;
        if (scheduled != null) scheduled.cancel(false);
        schedule(nanos);
    }

    /** There is none for now. */
    void clear() {
        armed = false;
    }

    void close() {
        armed = false;
        if (scheduled != null) scheduled.cancel(false);
        scheduled = null;
    }

    private void schedule(long nanos) {
        scheduledAt = at;
        scheduled = ctx.executor().schedule(wake, nanos, TimeUnit.NANOSECONDS);
    }

    private void wake() {
        scheduled = null;
        if (!armed) return;
        long left = at - ticker.nanos();
        if (left > 0) {
            schedule(left);
            return;
        }
        armed = false;
        expired.run();
    }
}
