package mesh.proxy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import mesh.model.Address;

/** An upstream that does nothing by itself: a test accepts its connections and speaks for it. */
public final class RawServer implements AutoCloseable {

    private static final int PATIENCE_MILLIS = 10_000;

    private final ServerSocket server;

    public RawServer() {
        try {
            server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
            server.setSoTimeout(PATIENCE_MILLIS);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Address address() {
        return new Address("127.0.0.1", server.getLocalPort());
    }

    /** The next connection; fails after ten seconds without one. */
    public RawClient accept() throws IOException {
        return new RawClient(server.accept());
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
