/**
 * The local workload's way to its own identity: the SPIFFE Workload API and Envoy's SDS on a unix socket. Imports the model, pki, the generated
 * stubs and Netty. Read {@link mesh.proxy.workload.WorkloadSocket} first.
 */
package mesh.proxy.workload;
