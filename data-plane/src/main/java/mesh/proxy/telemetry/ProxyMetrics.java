package mesh.proxy.telemetry;

import java.util.function.IntSupplier;

/**
 * STUB of the contract: every metric of the sidecar. Handles are bound when tables are compiled; each event loop writes its own cells
 * (its index is {@code loop}), which a scrape adds up.
 */
public final class ProxyMetrics {

    /** @param loops number of proxy event loops */
    public ProxyMetrics(int loops) {}

    /** The meter of a {@code service} label; the same object for the same name. */
    public ServiceMeter service(String name) { throw new UnsupportedOperationException(); }

    /** The meter of an {@code upstream} label; the same object for the same cluster and address; {@link UpstreamMeter#close} drops its series. */
    public UpstreamMeter upstream(String cluster, String address, IntSupplier breakerState) { throw new UnsupportedOperationException(); }

    /** Downstream connections and bytes of a listener. */
    public ListenerMeter listener(String name) { throw new UnsupportedOperationException(); }

    public void internalError() { throw new UnsupportedOperationException(); }

    public void configApplied(long version) { throw new UnsupportedOperationException(); }

    public void configRejected() { throw new UnsupportedOperationException(); }

    public void certificateExpiry(String kind, long epochSeconds) { throw new UnsupportedOperationException(); }

    /** @param side client or server; @param result ok or failed; @param reason a short fixed word, "" when ok */
    public void handshake(String side, String result, String reason) { throw new UnsupportedOperationException(); }

    public void retry(String outcome) { throw new UnsupportedOperationException(); }

    public interface ServiceMeter {
        /** One request has ended. {@code nanos} from its head's first byte to the end of its answer. */
        void request(int loop, int status, long nanos);
    }

    public interface UpstreamMeter extends AutoCloseable {
        void connectionOpened();

        void connectionClosed();

        @Override
        void close();
    }

    public interface ListenerMeter {
        void connectionOpened();

        void connectionClosed();

        /** From the client. */
        void bytesIn(int loop, long n);

        /** To the client. */
        void bytesOut(int loop, long n);
    }
}
