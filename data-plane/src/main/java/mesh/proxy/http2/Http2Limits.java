package mesh.proxy.http2;

import java.time.Duration;

/**
 * What one HTTP/2 connection may cost. Numbers of streams and windows are Envoy's advice for an edge.
 *
 * @param streams           open at once; more are refused; default 100
 * @param streamWindow      bytes of a body that may come before they are passed on; default 64 KiB
 * @param connectionWindow  the same of all streams together; default 1 MiB
 * @param headBytes         of a head or trailers, unpacked, and of a header block, packed; default 64 KiB
 * @param fields            of a head or trailers; default 100
 * @param continuations     frames that continue one header block, empty ones too; default 10 (CVE-2024-27316)
 * @param controlPerSecond  frames that carry nothing and make us work: SETTINGS, PING, PRIORITY, empty DATA, unknown ones, beyond the
 *                          DATA frames that go and come in that second; default 200
 * @param earlyResets       streams reset before their answer began that are suffered, and any number as long as they are not most of
 *                          all streams; default 500 (CVE-2023-44487)
 * @param head              from a header block's first frame to its last, and from connecting to the peer's SETTINGS; default 10 s
 * @param stall             how long an answer may wait for a client that grants no window; default 60 s
 * @param idle              how long a connection without a stream is kept; default 1 h
 * @param silence           without a frame from the peer, streams open, before it is asked by PING whether it lives
 * @param pingTimeout       how long it may take to say so; default 20 s
 */
public record Http2Limits(
    int streams, int streamWindow, int connectionWindow, int headBytes, int fields, int continuations, int controlPerSecond,
    int earlyResets, Duration head, Duration stall, Duration idle, Duration silence, Duration pingTimeout) {

    /** Towards clients, who do not mind being asked. */
    public static final Http2Limits SERVER = new Http2Limits(
        100, 64 * 1024, 1024 * 1024, 64 * 1024, 100, 10, 200, 500,
        Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofHours(1), Duration.ofSeconds(60), Duration.ofSeconds(20));

    /**
     * Towards upstreams: a window for all streams at once, or one slow reader would stop the others that share its connection; and a
     * PING no oftener than gRPC's servers suffer (gRFC A8: every five minutes).
     */
    public static final Http2Limits CLIENT = new Http2Limits(
        100, 64 * 1024, 100 * 64 * 1024, 64 * 1024, 100, 10, 1000, 500,
        Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofHours(1), Duration.ofSeconds(310), Duration.ofSeconds(20));
}
