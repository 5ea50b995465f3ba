/**
 * HTTP/2 (RFC 9113) and its header compression (RFC 7541), read and written by our own codec, for both edges.
 * May import: {@code http}, {@code loop}, {@code outcome}. Read {@link mesh.proxy.http2.Http2Connection} first, then
 * {@link mesh.proxy.http2.Http2Stream}; below them lie {@link mesh.proxy.http2.FramedChannel} and {@link mesh.proxy.http2.HeadReader}.
 */
package mesh.proxy.http2;
