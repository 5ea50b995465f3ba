/**
 * The model on the wire: one codec per xDS resource, encode and decode side by side, so that an Envoy can subscribe where a sidecar can.
 * Imports {@code mesh.model}, protobuf and the generated stubs, which nothing but this package and the gRPC services may import.
 * Read {@link mesh.xds.ResourceType} first.
 */
package mesh.xds;
