package mesh.control;

import io.quarkus.runtime.ShutdownEvent;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.util.Optional;
import mesh.control.store.MeshStore;
import mesh.control.store.NodeScope;
import mesh.control.stream.NodeView;
import mesh.control.stream.PeerSource;
import mesh.control.stream.SidecarRegistry;
import mesh.time.Env;

/** Hands the parts of the {@link ControlPlane}, which {@code main} opened, to the services that Quarkus makes. */
@Singleton
public final class Wiring {

    /** Set before Quarkus starts, because the servers' ports and certificates come from it. */
    private static volatile ControlPlane opened;

    static void use(ControlPlane plane) {
        opened = plane;
    }

    @Produces
    @Singleton
    MeshStore store() {
        return opened.store();
    }

    @Produces
    @Singleton
    NodeView scope() {
        return NodeScope::view;
    }

    /** Every call comes by the plaintext loopback port for now, where nobody has a certificate. */
    @Produces
    @Singleton
    PeerSource peers() {
        return Optional::empty;
    }

    @Produces
    @Singleton
    SidecarRegistry sidecars() {
        return new SidecarRegistry(Env.system().clock());
    }

    void onStop(@Observes ShutdownEvent event) throws IOException {
        opened.close();
    }
}
