package mesh.proxy.http1;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import org.junit.jupiter.api.Test;

/** The hot path's promise, measured: heads that are read, looked at, changed a little and written on leave no garbage. */
class HeadAllocationTest {

    private static final int ROUNDS = 10;
    private static final int RUNS = 10_000;
    private static final byte[] PATH = "/api/v1/".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] HOST = "payments.svc.mesh.local".getBytes(StandardCharsets.US_ASCII);

    @Test
    void aRequestLeavesNoGarbage() {
        ByteBuf in = Wire.bytes("GET /api/v1/payments?id=42 HTTP/1.1¶Host: payments.svc.mesh.local:8080¶User-Agent: probe/1.0¶"
            + "Accept: application/json¶Accept-Encoding: gzip¶Connection: keep-alive¶X-Request-Id: 0a1b2c3d¶¶");
        RequestHead head = new RequestHead();
        RequestParser parser = new RequestParser(head, Http1Limits.DEFAULT);
        assertThat(garbagePerRun(() -> {
            parser.reset();
            if (!parser.parse(in.readerIndex(0)) || parser.violation() != null) throw new AssertionError(parser.violation());
            if (!head.pathStartsWith(PATH) || !head.hostIs(HOST) || head.contains(FieldName.UPGRADE)) throw new AssertionError(head);
            head.set(FieldName.X_ENVOY_ATTEMPT_COUNT, "1");
            head.append(FieldName.X_FORWARDED_FOR, "10.0.0.1");
            Http1HeadWriter.request(PooledByteBufAllocator.DEFAULT, head, parser.framing()).release();
        })).isZero();
    }

    @Test
    void aResponseLeavesNoGarbage() {
        ByteBuf in = Wire.bytes("HTTP/1.1 200 OK¶Content-Type: application/json¶Content-Length: 128¶Date: Mon, 01 Jan 2026 00:00:00 GMT¶¶");
        ResponseHead head = new ResponseHead();
        ResponseParser parser = new ResponseParser(head, Http1Limits.DEFAULT);
        RequestHead request = RequestHead.of("GET", "/", "h");
        assertThat(garbagePerRun(() -> {
            parser.begin(request.method());
            if (!parser.parse(in.readerIndex(0)) || parser.violation() != null) throw new AssertionError(parser.violation());
            Http1HeadWriter.response(PooledByteBufAllocator.DEFAULT, head, parser.framing(), true, false).release();
        })).isZero();
    }

    /** Bytes, of the best of some rounds: the first ones run in the interpreter, and the machine itself leaves something behind now and then. */
    private static long garbagePerRun(Runnable run) {
        ResourceLeakDetector.Level level = ResourceLeakDetector.getLevel();
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
        try {
            return measured(run);
        } finally {
            ResourceLeakDetector.setLevel(level);
        }
    }

    private static long measured(Runnable run) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < RUNS; i++) run.run();
            least = Math.min(least, (threads.getCurrentThreadAllocatedBytes() - before) / RUNS);
        }
        return least;
    }
}
