/**
 * What operators see of a sidecar and what they may tell it, on the framework's threads so that no page ever waits for traffic. Imports
 * {@code runtime} and what lies below it. Read {@link mesh.proxy.admin.AdminServer} first.
 */
package mesh.proxy.admin;
