/**
 * The one internal form of a request and a response, and the two seams the codecs of both edges share: {@link
 * mesh.proxy.http.DownstreamStream} and {@link mesh.proxy.http.UpstreamStream}, each with its handler. Imports {@code outcome} and
 * Netty's buffers and channels, no codec. Read {@link mesh.proxy.http.RequestHead} first.
 */
package mesh.proxy.http;
