/**
 * Where clients come in: sockets, TLS, the codec, and TCP that is passed through. Imports {@code exchange} and what lies below it. Read
 * {@link mesh.proxy.downstream.ListenerBinder} first, then {@link mesh.proxy.downstream.DownstreamPipeline}.
 */
package mesh.proxy.downstream;
