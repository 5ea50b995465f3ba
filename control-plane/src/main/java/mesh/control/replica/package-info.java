/**
 * What the replicas of a control plane tell each other while they live. Imports nothing of ours; where it is told is known to
 * {@code mesh.control.etcd}. Read {@link mesh.control.replica.Board} first.
 */
package mesh.control.replica;
