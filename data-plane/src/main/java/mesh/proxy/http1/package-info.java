/**
 * HTTP/1.1 on both edges: a strict parser and body framing of our own (RFC 9112), and the two connections that speak it. Imports
 * {@code http} and {@code outcome}. Read {@link mesh.proxy.http1.Http1ServerConnection} first, {@link mesh.proxy.http1.Violation} for
 * the rules.
 */
package mesh.proxy.http1;
