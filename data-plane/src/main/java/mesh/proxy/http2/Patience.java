package mesh.proxy.http2;

import java.time.Duration;
import mesh.proxy.loop.TimerWheel;
import mesh.proxy.outcome.StopReason;

/**
 * How long a connection waits for its peer, looked at every few seconds: for its SETTINGS, for the end of a header block, for a sign of life
 * while streams are open, and for anything at all while none is. Decides nothing but when.
 */
final class Patience extends TimerWheel.Timeout {

    private static final Duration LONGEST_ROUND = Duration.ofSeconds(5);
    /** How long a peer is left to read what was said last. */
    private static final Duration LINGER = Duration.ofSeconds(1);

    private final Http2Connection connection;
    private final Http2Limits limits;
    private final TimerWheel timers;
    private final Duration round;
    private long began;
    private long heard;
    private long blockSince = -1;
    private long frameSince = -1;
    private long pinged = -1;

    Patience(Http2Connection connection, Http2Limits limits, TimerWheel timers) {
        this.connection = connection;
        this.limits = limits;
        this.timers = timers;
        this.round = limits.head().compareTo(LONGEST_ROUND) < 0 ? limits.head() : LONGEST_ROUND;
    }

    void begin() {
        began = timers.now();
        heard = began;
        timers.set(this, round.toNanos());
    }

    void end() {
        timers.cancel(this);
    }

    /** Until the connection is closed in any case. */
    void linger() {
        timers.set(this, LINGER.toNanos());
    }

    /** The peer has sent something. */
    void hear() {
        heard = timers.now();
        pinged = -1;
    }

    /** When it did last, by the loop's clock. */
    long heard() {
        return heard;
    }

    void inBlock(boolean is) {
        if (!is) blockSince = -1;
        else if (blockSince < 0) blockSince = heard;
    }

    /** @param anew it has only begun, whatever was there before */
    void inFrame(boolean is, boolean anew) {
        if (!is) frameSince = -1;
        else if (anew || frameSince < 0) frameSince = heard;
    }

    /** How often {@link Http2Stream#stalls} is counted before it is too often. */
    long mostStalls() {
        return limits.stall().dividedBy(round);
    }

    @Override
    protected void expire() {
        if (connection.isOver()) {
            connection.ctx().close();
            return;
        }
        long now = timers.now();
        if (!connection.isSettled() && isLonger(limits.head(), began, now)) {
            connection.error(ErrorCode.SETTINGS_TIMEOUT, "no SETTINGS within " + limits.head().toMillis() + " ms");
        } else if (blockSince >= 0 && isLonger(limits.head(), blockSince, now)) {
            connection.tooMuch(StopReason.SLOW_HEAD, "header block took more than " + limits.head().toMillis() + " ms");
        } else if (frameSince >= 0 && isLonger(limits.head(), frameSince, now)) {
            connection.tooMuch(StopReason.SLOW_HEAD, "frame took more than " + limits.head().toMillis() + " ms");
        } else if (!connection.hasStreams()) {
            if (isLonger(limits.idle(), heard, now)) connection.goAway(connection.lastPeerStream());
        } else if (pinged >= 0 && isLonger(limits.pingTimeout(), pinged, now)) {
            connection.ctx().close();
        } else {
            if (pinged < 0 && isLonger(limits.silence(), heard, now)) {
                pinged = now;
                connection.ping(now);
            }
            connection.resetStalled();
        }
        if (!connection.isOver()) timers.set(this, round.toNanos());
    }

    private static boolean isLonger(Duration limit, long since, long now) {
        return now - since > limit.toNanos();
    }
}
