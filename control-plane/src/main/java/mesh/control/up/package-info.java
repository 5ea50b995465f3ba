/**
 * {@code mesh up}: a whole mesh on this machine, to look at. Starts the programs as anyone would, as processes, and talks to them by their
 * public doors only. Read {@link mesh.control.up.LocalMesh} first.
 */
package mesh.control.up;
