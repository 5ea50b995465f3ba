/**
 * What a sidecar keeps on disk, so that it can start while its control plane is away: who it is, and the configuration that was last in
 * force. Imports the model, {@code mesh.xds}, {@code mesh.pki} and {@code mesh.disk}. Read {@link mesh.proxy.state.StateDirectory} first.
 */
package mesh.proxy.state;
