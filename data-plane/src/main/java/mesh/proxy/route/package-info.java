/** Decides where a request goes, by its host and path. Imports {@code http} and the model. Read {@link mesh.proxy.route.RouteIndex} first. */
package mesh.proxy.route;
