/**
 * The API of Kubernetes, as far as the control plane asks it for more than whose a token is: services become clusters. Imports {@code ca} for
 * where it is, {@code store}, and {@code inject} for which pods have a sidecar. Read {@link mesh.control.kubernetes.ServiceSync} first.
 */
package mesh.control.kubernetes;
