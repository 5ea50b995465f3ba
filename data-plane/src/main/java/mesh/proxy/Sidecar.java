package mesh.proxy;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.MeshSnapshot;
import mesh.model.TrustBundle;
import mesh.pki.Svid;
import mesh.proxy.telemetry.ProxyMetrics;
import mesh.time.Env;

/** STUB of the contract: the data plane without Quarkus, built with constructors. Methods may be called from any thread. */
public final class Sidecar implements AutoCloseable {

    /** @param loops number of proxy event loops, at least 1 */
    public Sidecar(Env env, int loops) {}

    /** Compiles a snapshot and makes it current with one write; on any problem nothing changes. */
    public ApplyResult apply(MeshSnapshot snapshot) { throw new UnsupportedOperationException(); }

    /** A new certificate, or a new bundle, without touching an open connection. */
    public void rotate(Svid svid, TrustBundle bundle) { throw new UnsupportedOperationException(); }

    /** The snapshot in force. */
    public MeshSnapshot current() { throw new UnsupportedOperationException(); }

    /** Where listeners are bound, by name; tells the port chosen for port 0. */
    public Map<String, Address> bound() { throw new UnsupportedOperationException(); }

    public ProxyMetrics metrics() { throw new UnsupportedOperationException(); }

    /**
     * Stops accepting after {@code delay}, lets requests in flight end, answers the last ones of each connection with
     * {@code connection: close}, cuts what is left after {@code limit}.
     */
    public CompletableFuture<Void> drain(Duration delay, Duration limit) { throw new UnsupportedOperationException(); }

    /** Whether {@link #drain} has begun. */
    public boolean draining() { throw new UnsupportedOperationException(); }

    @Override
    public void close() {}
}
