package mesh.proxy.telemetry;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.exporter.common.TextFormat;
import java.io.IOException;
import java.io.StringWriter;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.model.AccessLogPolicy.Format;
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
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a request pays for being counted and for its line in the access log, and what a scrape pays. To run it, with what it allocates:
 *
 * <pre>./mvnw -Pbench -pl data-plane -am process-test-classes -Dbench=Telemetry</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class TelemetryBenchmark {

    private static final int LOOPS = 2;
    private static final int MASK = 1023;

    /** What loops share. */
    @State(Scope.Benchmark)
    public static class Shared {

        private final ProxyMetrics.ServiceMeter service = new ProxyMetrics(LOOPS, System::nanoTime).service("payments");
        private final AtomicInteger loops = new AtomicInteger();
    }

    /** An event loop, and how long its requests take: from a hundred microseconds to a hundred milliseconds. */
    @State(Scope.Thread)
    public static class Loop {

        private final long[] nanos = new Random(5).longs(MASK + 1, 0, 1000).map(each -> 100_000L << each % 10).toArray();
        private int index;
        private int next;

        @Setup
        public void number(Shared shared) {
            index = shared.loops.getAndIncrement() % LOOPS;
        }
    }

    /** Both loops at once count into one service: each has cells of its own. */
    @Benchmark
    @Threads(LOOPS)
    public void countRequest(Shared shared, Loop loop) {
        loop.next = loop.next + 1 & MASK;
        shared.service.request(loop.index, 200, loop.nanos[loop.next]);
    }

    /** What the log's own thread does for a request. */
    @State(Scope.Thread)
    public static class Line {

        @Param({"TEXT", "JSON"})
        public Format format;

        private final StringBuilder text = new StringBuilder();

        /** What a loop hands over. */
        private AccessEntry entry() {
            return new AccessEntry(format, 1795860000007L, "GET", "/payments/42?page=2", "HTTP/1.1", 200, null, false, null, "all", "payments",
                "10.0.0.7:9001", 1, "spiffe://mesh.local/web", "10.0.0.1:40000", "payments", "0af76519-16cd-43dd-8448-eb211c80319c",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", 12_345_678, 12_000_000, 0, 128, -1, "curl/8.5.0");
        }
    }

    @Benchmark
    public int writeLine(Line line) {
        line.text.setLength(0);
        AccessLine.append(line.text, line.entry());
        return line.text.length();
    }

    /** A sidecar that has so many clusters, each of which has answered some requests. */
    @State(Scope.Benchmark)
    public static class Scraped {

        @Param({"1", "100"})
        public int services;

        private final ProxyMetrics metrics = new ProxyMetrics(LOOPS, System::nanoTime);
        private final CollectorRegistry registry = new CollectorRegistry();

        @Setup
        public void fill() {
            registry.register(new MetricsCollector(metrics));
            for (int i = 0; i < services; i++) {
                ProxyMetrics.ServiceMeter service = metrics.service("service-" + i);
                for (int j = 0; j < 1000; j++) service.request(j % LOOPS, j % 10 == 0 ? 503 : 200, 100_000L << j % 10);
            }
        }
    }

    @Benchmark
    @OutputTimeUnit(TimeUnit.MICROSECONDS)
    public int scrape(Scraped scraped) throws IOException {
        StringWriter text = new StringWriter();
        TextFormat.write004(text, scraped.registry.metricFamilySamples());
        return text.getBuffer().length();
    }
}
