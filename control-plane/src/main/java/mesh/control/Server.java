package mesh.control;

import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.vertx.http.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import mesh.model.Address;
import mesh.time.Env;
import org.jboss.logging.Logger;
import sun.misc.Signal;

/** Runs the control plane inside Quarkus until it is told to stop. */
public final class Server {

    private static final Logger LOG = Logger.getLogger(Server.class);

    private Server() {}

    /** Returns when the server has stopped. */
    public static void run(StartOptions options) throws IOException {
        if (LaunchMode.current() != LaunchMode.DEVELOPMENT) {
            checkFree("--listen", options.listen());
            checkFree("--plaintext-listen", options.plaintextListen());
            checkFree("--metrics-listen", options.metricsListen());
            if (options.injector().isPresent()) checkFree("--injector-listen", options.injector().get().listen());
        }
        set("quarkus.http.host", host(options.listen()));
        set("quarkus.http.ssl-port", options.listen().port());
        set("quarkus.http.port", options.plaintextListen().port());
        set("quarkus.management.host", host(options.metricsListen()));
        set("quarkus.management.port", options.metricsListen().port());
        Wiring.use(ControlPlane.open(options, Env.system()));
        Quarkus.run(UntilStopped.class);
    }

    /** Quarkus would say it with a stack trace, or with advice to kill somebody. In dev mode its servers stay open across reloads. */
    private static void checkFree(String option, Address address) throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(host(address), address.port()));
        } catch (IOException e) {
            throw new IOException(
                option + ": cannot listen on " + address + ": " + e.getMessage() + " (expected: a free address of this machine)", e);
        }
    }

    private static String host(Address address) {
        return address.host().isEmpty() ? "0.0.0.0" : address.host();
    }

    private static void set(String key, Object value) {
        System.setProperty(key, value.toString());
    }

    /** What Quarkus runs once every port is open. */
    public static final class UntilStopped implements QuarkusApplication {

        private final HttpServer ports;
        private final StartOptions options;

        public UntilStopped(HttpServer ports, StartOptions options) {
            this.ports = ports;
            this.options = options;
        }

        @Override
        public int run(String... args) {
            // To be told to stop is no failure: without this the process would end with 143. Dev mode ends its own JVM.
            if (LaunchMode.current() != LaunchMode.DEVELOPMENT) {
                Signal.handle(new Signal("TERM"), signal -> Quarkus.asyncExit(0));
            }
            LOG.infof("control plane ready: tls %s, plaintext %s, metrics %s, trust domain %s, data %s",
                at(options.listen(), ports.getSecurePort()), at(options.plaintextListen(), ports.getPort()),
                at(options.metricsListen(), ports.getManagementPort()), options.trustDomain(), options.dataDir().toAbsolutePath().normalize());
            if (options.calls().dev()) {
                LOG.warnf("--dev: everybody on this machine may change the mesh through the plaintext port (expected in production: without it)");
            }
            Quarkus.waitForExit();
            return 0;
        }

        /** In dev mode Quarkus does not tell. */
        private static Address at(Address asked, int port) {
            return port < 0 ? asked : new Address(asked.host(), port);
        }
    }
}
