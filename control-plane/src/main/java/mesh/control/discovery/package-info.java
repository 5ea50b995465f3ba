/**
 * Endpoints that are found out: by DNS and by files. Imports {@code store}, where they go, and Netty's DNS client. Read
 * {@link mesh.control.discovery.DiscoveredEndpoints} first.
 */
package mesh.control.discovery;
