/**
 * mTLS between sidecars: the sidecar's identity, whom it trusts, and what a handshake proved. Imports the model, {@code mesh.pki} and
 * Netty. Read {@link mesh.proxy.tls.MeshTls} first.
 */
package mesh.proxy.tls;
