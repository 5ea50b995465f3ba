package mesh.proxy.limit;

import mesh.model.RateLimit;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;
import mesh.proxy.telemetry.RateMeter;
import mesh.time.Ticker;

/** A rate limit with the buckets of its clients. Lives through configurations that leave it as it is. Any event loop. */
public final class RateLimiter {

    private final String name;
    private final RateLimit limit;
    private final FieldName header;
    private final RateMeter meter;
    private final Ticker ticker;
    private final long start;
    private final TokenBuckets buckets;
    private final String policy;

    /** @param name what clients are told it is called; a token */
    public RateLimiter(String name, RateLimit limit, RateMeter meter, Ticker ticker) {
        this.name = name;
        this.limit = limit;
        this.header = limit.key() instanceof RateLimit.Header by ? FieldName.of(by.name()) : null;
        this.meter = meter;
        this.ticker = ticker;
        this.start = ticker.nanos();
        int keys = limit.key() instanceof RateLimit.Everyone ? RateLimit.LEAST_KEYS : limit.keys();
        this.buckets = new TokenBuckets(new Gcra(limit), keys, meter::shared);
        this.policy = '"' + name + "\";q=" + limit.burst() + ";w=" + Math.max(1, seconds(limit.per().toNanos() * ((double) limit.burst() / limit.requests())));
    }

    public RateLimit model() {
        return limit;
    }

    /**
     * Counts a request.
     *
     * @param trustedHops of its listener
     * @return 0 when it may go on, else how long its client should wait, in nanoseconds
     */
    public long waitNanos(RequestHead request, ClientKey client, int trustedHops) {
        long key = client.of(limit.key(), header, request, trustedHops);
        long wait = buckets.take(key, Gcra.moment(ticker.nanos() - start));
        if (wait == 0) return 0;
        if (limit.shadow()) {
            meter.shadowed();
            return 0;
        }
        meter.refused();
        return wait;
    }

    /** {@code RateLimit-Policy} of draft-ietf-httpapi-ratelimit-headers-10: whoever spreads {@code q} requests over {@code w} seconds is never refused. */
    public String policy() {
        return policy;
    }

    /** {@code RateLimit} of the same, for one that was refused: nothing remains, and in {@code t} seconds there is more. */
    public String state(long waitNanos) {
        return '"' + name + "\";r=0;t=" + retryAfter(waitNanos);
    }

    /** In whole seconds, at least 1. */
    public static long retryAfter(long waitNanos) {
        return Math.max(1, seconds(waitNanos));
    }

    private static long seconds(double nanos) {
        return (long) Math.ceil(nanos / 1e9);
    }
}
