package mesh.control.store;

import mesh.model.MeshSnapshot;

/** One edit of the configuration: a pure function, called on the writer thread with what is current then. */
@FunctionalInterface
public interface Change {

    /** The configuration as it shall be; its version does not matter. May throw, which refuses the edit. */
    MeshSnapshot applyTo(MeshSnapshot current);
}
