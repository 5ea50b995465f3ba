/**
 * The control plane: composition, servers, command line. Imports every package below it; those import each other in one direction:
 * {@code journal}, {@code messages}, {@code ports} and {@code stream} nothing of ours, {@code store} and {@code ca} those, {@code admin} all.
 * Read {@link mesh.control.ControlPlane} first.
 */
package mesh.control;
