/**
 * Identities: who may ask for which, join tokens, the audit of what was issued. Imports {@code mesh.pki}, {@code journal} and the root's
 * {@code Peer}. Read {@link mesh.control.ca.SvidIssuer} first.
 */
package mesh.control.ca;
