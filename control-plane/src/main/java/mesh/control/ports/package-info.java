/**
 * How calls come in: TLS for the mesh, plaintext for this machine, and who is calling on either. Imports the model and {@code mesh.pki}.
 * Read {@link mesh.control.ports.PeerInterceptor} first.
 */
package mesh.control.ports;
