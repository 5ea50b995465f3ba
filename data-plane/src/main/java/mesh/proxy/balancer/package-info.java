/**
 * The strategies that choose one of a cluster's upstreams, one class each. Imports nothing of ours but the model. Read
 * {@link mesh.proxy.balancer.Balancer} first, then {@link mesh.proxy.balancer.WeightedRoundRobin}.
 */
package mesh.proxy.balancer;
