package mesh.e2e;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import mesh.model.Address;

/** A real nginx that speaks HTTP in plaintext. */
final class Nginx implements AutoCloseable {

    static final int REQUESTS_A_CONNECTION = 1000;

    private final MeshProcess process;
    private final Address address;
    private final Path log;

    private Nginx(MeshProcess process, Address address, Path log) {
        this.process = process;
        this.address = address;
        this.log = log;
    }

    /** One of HTTP/2, at its defaults: of a connection it takes 1,000 requests, then sends GOAWAY. */
    static Nginx start(Path dir) throws IOException {
        return start(dir, " http2", "access_log " + log(dir) + " connection;");
    }

    /** One of HTTP/1.1 that does as little as it can, and keeps its connections. */
    static Nginx quick(Path dir) throws IOException {
        return start(dir, "", "access_log off; keepalive_requests 1000000000;");
    }

    private static Path log(Path dir) {
        return dir.resolve("nginx.log");
    }

    private static Nginx start(Path dir, String protocol, String directives) throws IOException {
        Path program = Judge.find("nginx", "apt-get install nginx").program();
        Address address = Ports.free();
        Path config = Files.writeString(dir.resolve("nginx.conf"), """
            daemon off;
            pid %1$s/nginx.pid;
            error_log stderr warn;
            events {}
            http {
                log_format connection "$connection $status";
                %2$s
                client_body_temp_path %1$s/body;
                proxy_temp_path %1$s/proxy;
                fastcgi_temp_path %1$s/fastcgi;
                uwsgi_temp_path %1$s/uwsgi;
                scgi_temp_path %1$s/scgi;
                server {
                    listen %3$s%4$s;
                    location / { return 200 "nginx"; }
                }
            }
            """.formatted(dir, directives, address, protocol));
        MeshProcess process = MeshProcess.start("nginx", List.of(program.toString(), "-e", "stderr", "-c", config.toString()));
        await().atMost(Duration.ofSeconds(30)).ignoreExceptions().until(() -> {
            new Socket(address.host(), address.port()).close();
            return true;
        });
        return new Nginx(process, address, log(dir));
    }

    Address address() {
        return address;
    }

    /** How many requests came, and on how many connections. */
    record Served(long requests, long connections) {}

    Served served() throws IOException {
        List<String> lines = Files.readAllLines(log);
        return new Served(lines.stream().filter(line -> line.endsWith(" 200")).count(), lines.stream().map(line -> line.split(" ")[0]).distinct().count());
    }

    @Override
    public void close() {
        process.terminate();
        process.exitCode();
    }
}
