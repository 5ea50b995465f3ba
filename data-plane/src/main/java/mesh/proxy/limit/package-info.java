/**
 * How much one client may ask for. Imports {@code http}, {@code telemetry} and the model. Read {@link mesh.proxy.limit.RateLimiter} first,
 * then {@link mesh.proxy.limit.TokenBuckets}.
 */
package mesh.proxy.limit;
