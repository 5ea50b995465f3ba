package mesh.proxy.http1;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import mesh.model.HeaderMatch;
import mesh.model.QueryMatch;
import mesh.model.RequestMatch;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.RouteTable;
import mesh.model.TextMatch;
import mesh.model.Timeouts;
import mesh.model.VirtualHost;
import mesh.proxy.Allocations;
import mesh.proxy.filter.ForwardedHeaders;
import mesh.proxy.filter.HopHeaders;
import mesh.proxy.filter.RequestId;
import mesh.proxy.filter.TraceContext;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.route.RouteIndex;
import mesh.time.Env;
import org.junit.jupiter.api.Test;

/** The hot path's promise, measured: heads that are read, routed, changed and written on leave no garbage. */
class HeadAllocationTest {

    private static final int ROUNDS = 10;
    private static final int RUNS = 10_000;
    private final RouteIndex<String> routes = RouteIndex.compile(
        new RouteTable("table", List.of(
            new VirtualHost("cart", List.of("cart", "cart:8080", "*.cart"), List.of(route("/"))),
            new VirtualHost("payments", List.of("payments.svc.mesh.local"), List.of(
                asking(RequestMatch.methods("PUT", "DELETE")), asking(RequestMatch.headers(HeaderMatch.is("x-mine", new TextMatch.Contains("none")))),
                asking(RequestMatch.queryParams(new QueryMatch("page", Optional.empty()))), route("/web/"), route("/api/v1/"))))),
        Route::name);
    private final ForwardedHeaders forwarded = new ForwardedHeaders("10.0.0.1", "By=spiffe://mesh.local/payments;URI=spiffe://mesh.local/web");
    private final RequestId requestId = new RequestId(Env.system().random());
    private final TraceContext trace = new TraceContext(Env.system().random());

    @Test
    void aRequestThatIsRoutedAndFilteredLeavesNoGarbage() {
        ByteBuf in = Wire.bytes("GET /api/v1/payments?id=42 HTTP/1.1¶Host: payments.svc.mesh.local:8080¶User-Agent: probe/1.0¶"
            + "Accept: application/json¶Accept-Encoding: gzip¶Connection: keep-alive, X-Mine¶X-Mine: 0a1b2c3d¶TE: trailers¶"
            + "X-Forwarded-For: 192.0.2.1¶TraceParent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01¶¶");
        RequestHead head = new RequestHead();
        RequestParser parser = new RequestParser(head, Http1Limits.DEFAULT);
        assertThat(garbagePerRun(() -> {
            parser.reset();
            if (!parser.parse(in.readerIndex(0)) || parser.violation() != null) throw new AssertionError(parser.violation());
            if (routes.match(head) == null) throw new AssertionError(head);
            HopHeaders.strip(head);
            forwarded.add(head);
            requestId.add(head);
            trace.propagate(head);
            head.set(FieldName.X_ENVOY_ATTEMPT_COUNT, "2");
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

    /** One that takes none of the requests here. */
    private static Route asking(RequestMatch conditions) {
        return route("/api").withConditions(conditions);
    }

    private static Route route(String prefix) {
        return new Route("route", new Route.Prefix(prefix), new Route.ToCluster("c"), Optional.empty(), Timeouts.DEFAULT, RetryPolicy.NONE);
    }

    /** Bytes, of the best of some rounds: the first ones run in the interpreter, and the machine itself leaves something behind now and then. */
    private static long garbagePerRun(Runnable run) {
        ResourceLeakDetector.Level level = ResourceLeakDetector.getLevel();
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
        try {
            // On a thread like those of event loops, and on a new one: what other tests have left in a thread's caches is not ours.
            CompletableFuture<Long> garbage = new CompletableFuture<>();
            new FastThreadLocalThread(() -> garbage.completeAsync(() -> measured(run), Runnable::run)).start();
            return garbage.join();
        } finally {
            ResourceLeakDetector.setLevel(level);
        }
    }

    private static long measured(Runnable run) {
        return Allocations.least(ROUNDS, () -> {
            for (int i = 0; i < RUNS; i++) run.run();
        }) / RUNS;
    }
}
