package mesh.proxy.http2;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersEncoder;
import java.util.concurrent.TimeUnit;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the heads of a unary gRPC call cost to unpack and to pack, as a peer with a table of its own sends them. To run it:
 *
 * <pre>./mvnw -Pbench -pl data-plane -am process-test-classes -Dbench=Hpack</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgsAppend = "-Dio.netty.leakDetection.level=disabled")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class HpackBenchmark {

    private final HpackDecoder requests = new HpackDecoder();
    private final HpackDecoder answers = new HpackDecoder();
    private final HeadReader reader = new HeadReader(Http2Limits.SERVER);
    private final HpackEncoder encoder = new HpackEncoder();
    private final RequestHead request = new RequestHead();
    private final ResponseHead answer = new ResponseHead();
    private final ByteBuf out = Unpooled.directBuffer(1024);
    private byte[] requestBlock;
    private byte[] answerBlock;

    /** The first block of a connection fills the table; what is measured is what comes after it. */
    @Setup
    public void connect() throws Http2Exception {
        Http2HeadersEncoder peer = new DefaultHttp2HeadersEncoder();
        Http2Headers call = new DefaultHttp2Headers().method("POST").scheme("http").authority("payments:8080").path("/mesh.Payments/Pay")
            .set("content-type", "application/grpc").set("te", "trailers").set("user-agent", "grpc-java-netty/1.79.0")
            .set("grpc-accept-encoding", "gzip").set("x-request-id", "0af76519-16cd-43dd-8448-eb211c80319c");
        Http2Headers good = new DefaultHttp2Headers().status("200").set("content-type", "application/grpc").set("grpc-encoding", "identity");
        unpackRequest(block(peer, call));
        requestBlock = block(peer, call);
        Http2HeadersEncoder other = new DefaultHttp2HeadersEncoder();
        unpackAnswer(block(other, good));
        answerBlock = block(other, good);
        unpackRequest(requestBlock);
        unpackAnswer(answerBlock);
    }

    @Benchmark
    public Object unpackRequest() {
        return unpackRequest(requestBlock);
    }

    @Benchmark
    public Object unpackAnswer() {
        return unpackAnswer(answerBlock);
    }

    @Benchmark
    public int packRequest() {
        encoder.request(request, false, out.clear());
        return out.readableBytes();
    }

    @Benchmark
    public int packAnswer() {
        encoder.response(answer, out.clear());
        return out.readableBytes();
    }

    private HeadReader.Outcome unpackRequest(byte[] block) {
        request.clear();
        return fine(reader.request(requests, block, block.length, request));
    }

    private HeadReader.Outcome unpackAnswer(byte[] block) {
        answer.clear();
        return fine(reader.response(answers, block, block.length, answer));
    }

    private static HeadReader.Outcome fine(HeadReader.Outcome outcome) {
        if (outcome != HeadReader.Outcome.FINE) throw new IllegalStateException("a head is " + outcome);
        return outcome;
    }

    private static byte[] block(Http2HeadersEncoder peer, Http2Headers headers) throws Http2Exception {
        ByteBuf block = Unpooled.buffer();
        peer.encodeHeaders(3, headers, block);
        return ByteBufUtil.getBytes(block);
    }
}
