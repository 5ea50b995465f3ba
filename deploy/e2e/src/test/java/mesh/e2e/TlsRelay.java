package mesh.e2e;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import mesh.model.Address;
import mesh.pki.Svid;

/** Takes TLS from a judge that has no certificate, and passes its bytes on as they come, over mTLS by that of a workload. For h2. */
final class TlsRelay implements AutoCloseable {

    private final SSLServerSocket server;
    private final Address target;
    private final ClientTls tls;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    TlsRelay(Address target, Svid as) throws IOException, GeneralSecurityException {
        this.target = target;
        tls = ClientTls.of(as);
        server = (SSLServerSocket) tls.context().getServerSocketFactory().createServerSocket(0, 1024, InetAddress.getLoopbackAddress());
        SSLParameters parameters = server.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {"h2"});
        server.setSSLParameters(parameters);
        start(this::accept);
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                SSLSocket judge = (SSLSocket) server.accept();
                start(() -> join(judge));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void join(SSLSocket judge) {
        open.add(judge);
        try (judge; SSLSocket sidecar = tls.connect(target, "h2")) {
            open.add(sidecar);
            judge.setTcpNoDelay(true);
            sidecar.setTcpNoDelay(true);
            Thread up = start(() -> copy(judge, sidecar));
            copy(sidecar, judge);
            up.join();
            open.remove(sidecar);
        } catch (IOException | InterruptedException e) {
            // Seen by the judge as a connection that ends.
        } finally {
            open.remove(judge);
        }
    }

    /** Until one of them ends, which ends both: HTTP/2 knows no half of a connection. */
    private static void copy(SSLSocket from, SSLSocket to) {
        try (from; to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] buffer = new byte[16 * 1024];
            for (int n; (n = in.read(buffer)) >= 0; ) out.write(buffer, 0, n);
        } catch (IOException e) {
            // As above.
        }
    }

    private static Thread start(Runnable task) {
        Thread thread = new Thread(task, "relay");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    Address address() {
        return new Address("127.0.0.1", server.getLocalPort());
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : open) socket.close();
    }
}
