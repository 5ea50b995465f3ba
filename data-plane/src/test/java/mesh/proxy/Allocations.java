package mesh.proxy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** What work allocates on the thread that does it. */
public final class Allocations {

    private Allocations() {}

    /** Bytes in the best of these rounds: the JVM itself may allocate on a thread now and then. */
    public static long least(int rounds, Runnable work) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < rounds; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            work.run();
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        return least;
    }
}
