package mesh.control;

import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.vertx.http.HttpServer;
import java.io.IOException;
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
        set("quarkus.http.host", host(options.listen()));
        set("quarkus.http.ssl-port", options.listen().port());
        set("quarkus.http.port", options.plaintextListen().port());
        set("quarkus.management.host", host(options.metricsListen()));
        set("quarkus.management.port", options.metricsListen().port());
        Wiring.use(ControlPlane.open(options, Env.system()));
        Quarkus.run(UntilStopped.class);
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
            LOG.infof("control plane ready: tls %s, plaintext %s, metrics %s, trust domain %s, data %s",
                at(options.listen(), ports.getSecurePort()), at(options.plaintextListen(), ports.getPort()),
                at(options.metricsListen(), ports.getManagementPort()), options.trustDomain(), options.dataDir().toAbsolutePath().normalize());
            // To be told to stop is no failure: without this the process would end with 143.
            Signal.handle(new Signal("TERM"), signal -> Quarkus.asyncExit(0));
            Quarkus.waitForExit();
            return 0;
        }

        private static Address at(Address asked, int port) {
            return new Address(asked.host(), port);
        }
    }
}
