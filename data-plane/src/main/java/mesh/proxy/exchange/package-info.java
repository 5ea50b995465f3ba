/**
 * The life of one request, and of two connections that have been joined. The only place that knows filters, routes and upstreams at once;
 * imports {@code runtime} and what lies below it. Read {@link mesh.proxy.exchange.Exchange} first.
 */
package mesh.proxy.exchange;
