/**
 * Sidecars put beside workloads of Kubernetes: by an admission webhook, and offline for manifests. Imports {@code ports} and the model;
 * objects of Kubernetes are fabric8's. Read {@link mesh.control.inject.SidecarInjector} first.
 */
package mesh.control.inject;
