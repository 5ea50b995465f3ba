/**
 * Identities: who may ask for which, join tokens, the audit of what was issued. Imports {@code mesh.pki}, {@code journal}, {@code messages},
 * {@code ports.Peer} and the interface {@code stream.ConfigSource}. Read {@link mesh.control.ca.SvidIssuer} first.
 */
package mesh.control.ca;
