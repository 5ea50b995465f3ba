package mesh.proxy.http1;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.RouteTable;
import mesh.model.Timeouts;
import mesh.model.VirtualHost;
import mesh.proxy.filter.ForwardedHeaders;
import mesh.proxy.filter.HopHeaders;
import mesh.proxy.filter.RequestId;
import mesh.proxy.filter.TraceContext;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Method;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.route.RouteIndex;
import mesh.time.Env;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What one head costs on its way through: read and checked, routed and filtered, and written on. To run it, with what it allocates:
 *
 * <pre>./mvnw -Pbench -pl data-plane -am process-test-classes -Dbench=HeadParser</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgsAppend = "-Dio.netty.leakDetection.level=disabled")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class HeadParserBenchmark {

    private static final String SMALL = "GET /payments/42 HTTP/1.1\r\nHost: payments:8080\r\nUser-Agent: probe/1.0\r\nAccept: */*\r\n";

    private static final FieldName USER_AGENT = FieldName.of("user-agent");

    /** How many fields of 40 bytes come on top of the few that every client sends. */
    @Param({"0", "20"})
    public int moreFields;

    @State(Scope.Benchmark)
    public static class Routes {

        /** Virtual hosts, ours the last. */
        @Param({"1", "1000"})
        public int hosts;

        private RouteIndex<Route> index;

        @Setup
        public void compile() {
            List<VirtualHost> virtual = new ArrayList<>();
            for (int i = hosts - 1; i >= 0; i--) {
                Route route = new Route("r", new Route.Prefix("/"), new Route.ToCluster("c"), Optional.empty(), Timeouts.DEFAULT, RetryPolicy.NONE);
                String name = i == 0 ? "payments" : "service-" + i;
                virtual.add(new VirtualHost(name, List.of(name), List.of(route)));
            }
            index = RouteIndex.compile(new RouteTable("table", virtual), route -> route);
        }
    }

    private final ForwardedHeaders forwarded = new ForwardedHeaders("10.0.0.7", null);
    private final RequestId requestId = new RequestId(Env.system().random());
    private final TraceContext trace = new TraceContext(Env.system().random());
    private final RequestHead request = new RequestHead();
    private final RequestParser requests = new RequestParser(request, Http1Limits.DEFAULT);
    private final ResponseHead response = new ResponseHead();
    private final ResponseParser responses = new ResponseParser(response, Http1Limits.DEFAULT);
    private ByteBuf requestBytes;
    private ByteBuf responseBytes;

    @Setup
    public void setUp() {
        StringBuilder more = new StringBuilder();
        for (int i = 0; i < moreFields; i++) more.append("x-application-field-%02d: some-value-%02d\r\n".formatted(i, i));
        requestBytes = bytes(SMALL + more + "\r\n");
        responseBytes = bytes("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 128\r\nServer: app\r\n" + more + "\r\n");
    }

    @Benchmark
    public long parseRequest() {
        requests.reset();
        requests.parse(requestBytes.readerIndex(0));
        return requests.framing();
    }

    @Benchmark
    public boolean forwardUnchangedRequest() {
        requests.reset();
        requests.parse(requestBytes.readerIndex(0));
        return Http1HeadWriter.request(PooledByteBufAllocator.DEFAULT, request, requests.framing()).release();
    }

    @Benchmark
    public boolean forwardEditedRequest() {
        requests.reset();
        requests.parse(requestBytes.readerIndex(0));
        request.append(FieldName.X_FORWARDED_FOR, "10.0.0.7");
        request.set(FieldName.X_FORWARDED_PROTO, "http");
        request.remove(USER_AGENT);
        return Http1HeadWriter.request(PooledByteBufAllocator.DEFAULT, request, requests.framing()).release();
    }

    /** All that the sidecar does with a request's head. */
    @Benchmark
    public boolean forwardRoutedRequest(Routes table) {
        requests.reset();
        requests.parse(requestBytes.readerIndex(0));
        if (table.index.match(request) == null) throw new IllegalStateException("no route: " + request);
        HopHeaders.strip(request);
        forwarded.add(request);
        requestId.add(request);
        trace.propagate(request);
        return Http1HeadWriter.request(PooledByteBufAllocator.DEFAULT, request, requests.framing()).release();
    }

    @Benchmark
    public boolean forwardUnchangedResponse() {
        responses.begin(Method.GET);
        responses.parse(responseBytes.readerIndex(0));
        return Http1HeadWriter.response(PooledByteBufAllocator.DEFAULT, response, responses.framing(), true, false).release();
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.directBuffer().writeBytes(text.getBytes(StandardCharsets.US_ASCII));
    }
}
