package mesh.proxy.loop;

import io.netty.channel.EventLoop;

/**
 * One event loop with what belongs to it alone. A connection stays on its loop for life, and so does everything that happens for it: its
 * requests, their upstream connections, their timers.
 *
 * @param index    from 0; where this loop's part stands in arrays that are kept per loop
 * @param executor runs it
 * @param timers   deadlines of what happens on it
 */
public record ProxyLoop(int index, EventLoop executor, TimerWheel timers) {}
