package mesh.control;

import io.quarkus.runtime.ShutdownEvent;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;
import mesh.control.store.MeshStore;

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

    void onStop(@Observes ShutdownEvent event) throws IOException {
        opened.close();
    }
}
