/**
 * The mesh's own resources of Kubernetes, {@code mesh.local/v1alpha1}, whose specs are messages of {@code mesh.v1}: in our words, and what becomes of each as its
 * status. Imports the messages, the model and fabric8's objects. Read {@link mesh.control.resources.MeshResources} first.
 */
package mesh.control.resources;
