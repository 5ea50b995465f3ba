package mesh.proxy.http2;

import java.util.concurrent.TimeUnit;

/** Tells a peer that makes us work for nothing from one that is only busy. Counts; its owner ends the connection. */
final class FloodGuard {

    private final Http2Limits limits;
    private long second = -1;
    private int control;
    private int streams;
    private int earlyResets;

    FloodGuard(Http2Limits limits) {
        this.limits = limits;
    }

    /** A part of a body has gone or come. It excuses a frame: gRPC's clients send a PING for most of what they get, to measure the way. */
    void bodyMoved() {
        if (control > 0) control--;
    }

    /** A frame without use has come. @return whether it was one too many in this second */
    boolean control(long nanos) {
        long now = TimeUnit.NANOSECONDS.toSeconds(nanos);
        if (now != second) {
            second = now;
            control = 0;
        }
        return ++control > limits.controlPerSecond();
    }

    void streamOpened() {
        streams++;
    }

    /** A stream was reset before its answer began: by the peer, or by us because of what the peer did. @return whether that is too much */
    boolean earlyReset() {
        return ++earlyResets > limits.earlyResets() && earlyResets > streams / 2;
    }
}
