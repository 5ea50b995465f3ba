package mesh.control;

import io.quarkus.runtime.Quarkus;
import java.io.IOException;
import mesh.model.Address;
import mesh.time.Env;

/** Runs the control plane inside Quarkus until it is told to stop. */
public final class Server {

    private Server() {}

    /** Returns when the server has stopped. */
    public static void run(StartOptions options) throws IOException {
        Wiring.use(ControlPlane.open(options, Env.system()));
        Address metrics = options.metricsListen();
        set("quarkus.http.host", host(options.listen()));
        set("quarkus.http.port", options.plaintextListen().port());
        set("quarkus.management.host", host(metrics));
        set("quarkus.management.port", metrics.port());
        Quarkus.run();
    }

    private static String host(Address address) {
        return address.host().isEmpty() ? "0.0.0.0" : address.host();
    }

    private static void set(String key, Object value) {
        System.setProperty(key, value.toString());
    }
}
