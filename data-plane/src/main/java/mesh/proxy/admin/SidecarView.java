package mesh.proxy.admin;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import mesh.config.RoutePlaces;
import mesh.model.Address;
import mesh.model.Trust;
import mesh.pki.Svid;
import mesh.proxy.runtime.RuntimeTables;
import mesh.proxy.telemetry.PlaintextCallers;

/** What the admin pages show of a sidecar. Any thread. */
public interface SidecarView {

    RuntimeTables tables();

    /** When the configuration in force was applied by an earlier process; empty once this one has had one from where they come from. */
    Optional<Instant> cachedAt();

    /** Where the routes in force are written; {@link RoutePlaces#NONE} where they came from a control plane. */
    RoutePlaces places();

    /** Where listeners are bound, by name. */
    Map<String, Address> bound();

    /** Clients' connections that are open. */
    int connections();

    boolean draining();

    /** Its own identity, if it has one yet. */
    Optional<Svid> identity();

    /** Who calls it without TLS where that is permitted. */
    PlaintextCallers plaintext();

    /** Whom it trusts, in its own trust domain and in others. */
    Optional<Trust> trust();
}
