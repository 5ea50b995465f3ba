package mesh.proxy.runtime;

import mesh.model.HttpLimits;
import mesh.proxy.http1.Http1Limits;
import mesh.proxy.http2.Http2Limits;

/** A listener's limits of HTTP in the words of each codec. Immutable. */
public record CodecLimits(Http1Limits http1, Http2Limits http2) {

    private static final int KIB = 1024;

    static CodecLimits of(HttpLimits limits) {
        Http1Limits one = Http1Limits.DEFAULT;
        Http2Limits two = Http2Limits.SERVER;
        int headBytes = limits.headKib() * KIB;
        return new CodecLimits(
            new Http1Limits(headBytes, Math.min(one.requestLineBytes(), headBytes), limits.fields(), limits.headTimeout(), one.body(),
                limits.idleTimeout(), one.halfClosed()),
            new Http2Limits(limits.streams(), two.streamWindow(), two.connectionWindow(), headBytes, limits.fields(), two.continuations(),
                two.controlPerSecond(), two.earlyResets(), limits.headTimeout(), two.stall(), limits.idleTimeout(), two.silence(),
                two.pingTimeout()));
    }
}
