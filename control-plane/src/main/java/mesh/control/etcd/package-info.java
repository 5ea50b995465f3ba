/**
 * Logs that several replicas share, and who of them leads, in a cluster of etcd servers. Imports {@code journal} and the etcd client.
 * Read {@link mesh.control.etcd.EtcdLogs} first, then {@code EtcdLog}.
 */
package mesh.control.etcd;
