/**
 * The API of Kubernetes, as far as the control plane asks it for more than whose a token is. Imports {@code ca} for where it is.
 * Read {@link mesh.control.kubernetes.ApiServer} first.
 */
package mesh.control.kubernetes;
