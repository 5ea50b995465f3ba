package mesh.e2e;

import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A program that knows nothing of the mesh: HTTP on some ports, and on 3306, 5432 and 7777 a protocol in which the server speaks first. */
final class PlainWorkload {

    private PlainWorkload() {}

    /** @param words its name, and the ports of HTTP */
    public static void main(String... words) throws IOException {
        for (int i = 1; i < words.length; i++) http(words[0], Integer.parseInt(words[i]));
        for (int port : new int[] {5432, 7777}) {
            ServerSocket another = listening(port);
            Thread thread = new Thread(() -> greetAll(words[0] + "-" + port, another));
            thread.setDaemon(true);
            thread.start();
        }
        ServerSocket socket = listening(3306);
        System.out.println("ready");
        greetAll(words[0], socket);
    }

    private static ServerSocket listening(int port) throws IOException {
        ServerSocket socket = new ServerSocket();
        socket.bind(new InetSocketAddress("::", port));
        return socket;
    }

    private static void greetAll(String name, ServerSocket socket) {
        try (socket) {
            while (true) greet(name, socket.accept());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void http(String name, int port) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress("::", port), 0);
        byte[] body = (name + " tells nobody but you, on " + port + "\n").getBytes(StandardCharsets.US_ASCII);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
    }

    private static void greet(String name, Socket client) throws IOException {
        try (client) {
            client.getOutputStream().write((name + " greets first\n").getBytes(StandardCharsets.US_ASCII));
            String line = new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII)).readLine();
            client.getOutputStream().write((name + " heard " + line + "\n").getBytes(StandardCharsets.US_ASCII));
        }
    }
}
