/**
 * Where snapshots come from: {@code XdsSource} subscribes to a control plane, {@code FileSource} reads a file; both hand whole snapshots to
 * a {@code Function<MeshSnapshot, ApplyResult>}. Imports the model, {@code mesh.xds}, {@code mesh.config}, {@code mesh.pki} and gRPC.
 * Read {@link mesh.proxy.discovery.XdsSource} first.
 */
package mesh.proxy.discovery;
