package mesh.proxy.admin;

import java.util.Map;
import java.util.Optional;
import mesh.model.Address;
import mesh.model.TrustBundle;
import mesh.pki.Svid;
import mesh.proxy.runtime.RuntimeTables;

/** What the admin pages show of a sidecar. Any thread. */
public interface SidecarView {

    RuntimeTables tables();

    /** Where listeners are bound, by name. */
    Map<String, Address> bound();

    /** Clients' connections that are open. */
    int connections();

    boolean draining();

    /** Its own identity, if it has one yet. */
    Optional<Svid> identity();

    /** Whom it trusts. */
    Optional<TrustBundle> trust();
}
