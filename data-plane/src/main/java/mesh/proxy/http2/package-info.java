/**
 * HTTP/2 (RFC 9113) and its header compression (RFC 7541), read and written by our own codec, for both edges.
 * May import: {@code http}, {@code loop}, {@code outcome}. Read {@link mesh.proxy.http2.Http2Connection} first, then {@link mesh.proxy.http2.Http2Stream}.
 */
package mesh.proxy.http2;
