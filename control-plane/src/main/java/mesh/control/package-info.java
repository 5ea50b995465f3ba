/**
 * The control plane: composition, servers, command line. Imports every package below it; those import each other in one direction,
 * {@code messages} and {@code stream.ConfigSource} first, then {@code store}, then {@code admin} and {@code ca}.
 * Read {@link mesh.control.ControlPlane} first.
 */
package mesh.control;
