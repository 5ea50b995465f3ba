package mesh.control.ports;

import io.quarkus.vertx.http.HttpServerOptionsCustomizer;
import io.vertx.core.http.HttpServerOptions;
import mesh.model.Address;

/** Binds the plaintext port to loopback: Quarkus has one host for its plaintext and its TLS port, and only the latter is for the network. */
public final class PlaintextPort implements HttpServerOptionsCustomizer {

    private final Address address;

    public PlaintextPort(Address address) {
        this.address = address;
    }

    @Override
    public void customizeHttpServer(HttpServerOptions server) {
        server.setHost(address.host());
    }
}
