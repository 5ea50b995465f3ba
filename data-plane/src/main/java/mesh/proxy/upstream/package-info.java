/**
 * Clusters and their endpoints, alive: connections, limits, breakers and retry budgets. Imports {@code loop}, {@code http1}, {@code tls} and
 * what lies below them. Read {@link mesh.proxy.upstream.UpstreamCluster} first, then {@link mesh.proxy.upstream.ConnectionPool}.
 */
package mesh.proxy.upstream;
