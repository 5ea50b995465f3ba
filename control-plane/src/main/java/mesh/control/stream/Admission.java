package mesh.control.stream;

import java.time.Duration;
import mesh.time.Ticker;

/**
 * How many streams may begin at once, and how many a second after that. A control plane that has come back finds all its sidecars at the door: those
 * that are let in are served while they are waiting for it, and the others come again, each after a while of its own. Any thread.
 */
final class Admission {

    static final int BURST = 1000;
    static final int PER_SECOND = 500;

    private final long room;
    private final long each;
    private final Ticker ticker;
    /** When as many as possible may begin at once again. */
    private long fullAgain;

    Admission(Ticker ticker) {
        this(BURST, PER_SECOND, ticker);
    }

    Admission(int burst, int perSecond, Ticker ticker) {
        this.each = Duration.ofSeconds(1).toNanos() / perSecond;
        this.room = burst * each;
        this.ticker = ticker;
        this.fullAgain = ticker.nanos();
    }

    synchronized boolean tryEnter() {
        long now = ticker.nanos();
        long begun = fullAgain - now > 0 ? fullAgain : now;
        if (begun + each - now > room) {
            return false;
        }
        fullAgain = begun + each;
        return true;
    }
}
