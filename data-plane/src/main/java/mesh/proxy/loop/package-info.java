/**
 * The event loops that carry traffic, and their timers. Imports Netty and {@code mesh.time}. Read {@link mesh.proxy.loop.ProxyLoop} first.
 */
package mesh.proxy.loop;
