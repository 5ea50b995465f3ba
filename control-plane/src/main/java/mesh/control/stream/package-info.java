/**
 * The subscription: who is connected, what each has, what it is sent next. Imports {@code mesh.model}, {@code mesh.xds}, {@code mesh.time}
 * and gRPC; the store and the scope of a node come in through {@link mesh.control.stream.ConfigSource} and
 * {@link mesh.control.stream.NodeView}. Read {@link mesh.control.stream.AdsStream} first.
 */
package mesh.control.stream;
