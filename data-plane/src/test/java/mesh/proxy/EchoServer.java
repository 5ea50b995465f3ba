package mesh.proxy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import mesh.model.Address;

/** An upstream that tells in its answer's fields what it was asked, {@code x-target} and {@code x-host}; of requests without a body, one write each. */
final class EchoServer implements AutoCloseable {

    private final ServerSocket server;

    EchoServer() {
        try {
            server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start(this::accept);
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "echo");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                client.setTcpNoDelay(true);
                start(() -> serve(client));
            } catch (IOException e) {
                // Closed; what was accepted ends with its clients.
                return;
            }
        }
    }

    private static void serve(Socket client) {
        try (client; BufferedReader in = new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.ISO_8859_1))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String target = line.split(" ")[1];
                String host = "";
                String type = "";
                for (String field = in.readLine(); !field.isEmpty(); field = in.readLine()) {
                    if (field.toLowerCase().startsWith("host: ")) host = field.substring("host: ".length());
                    if (field.toLowerCase().startsWith("content-type: ")) type = field + "\r\n";
                }
                client.getOutputStream().write(("HTTP/1.1 200 OK\r\n" + type + "x-target: " + target + "\r\nx-host: " + host
                    + "\r\ncontent-length: 0\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
            }
        } catch (IOException e) {
            // The sidecar has closed the connection.
        }
    }

    Address address() {
        return new Address("127.0.0.1", server.getLocalPort());
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
