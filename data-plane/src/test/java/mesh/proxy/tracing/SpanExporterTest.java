package mesh.proxy.tracing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import mesh.model.Address;
import mesh.model.Percent;
import mesh.model.TracingPolicy;
import mesh.time.Env;
import mesh.time.FakeClock;
import mesh.time.ScriptedRandom;
import org.junit.jupiter.api.Test;

class SpanExporterTest {

    private static final Collector.Answer TAKEN = new Collector.Answer(Collector.Outcome.TAKEN, 0, "");
    private static final Collector.Answer AWAY = new Collector.Answer(Collector.Outcome.UNAVAILABLE, 0, "refused");
    private static final Collector.Answer NEVER = new Collector.Answer(Collector.Outcome.REFUSED, 0, "no such service");

    private final FakeClock clock = new FakeClock();
    private final Map<String, Long> counted = new HashMap<>();
    private final List<Integer> batches = new ArrayList<>();
    /** What the collector says to each batch; taken when nothing is left. */
    private final Queue<Collector.Answer> answers = new ArrayDeque<>();
    private final SpanExporter exporter = exporter(new ScriptedRandom(0, 0.5, 0, 0));
    private final Tracer tracer = new Tracer(new TracingPolicy(new Address("otel", 4317), Percent.ALL, ""), exporter);

    @Test
    void sendsWhatWaitsInBatchesOneAfterTheOther() {
        offer(700);
        assertThat(turn()).as("another batch waits").isZero();
        assertThat(turn()).as("less than a batch waits").isEqualTo(SpanExporter.GATHER_NANOS);
        assertThat(turn()).isEqualTo(SpanExporter.GATHER_NANOS);
        assertThat(turn()).as("nothing is left").isEqualTo(SpanExporter.GATHER_NANOS);
        assertThat(batches).containsExactly(256, 256, 188);
        assertThat(counted).containsExactly(Map.entry("exported", 1400L));
    }

    @Test
    void dropsWhatComesWhileTooManyWait() {
        offer(1024);
        offer(1);
        assertThat(counted).containsExactly(Map.entry("dropped", 2L));
        turn();
        offer(1);
        assertThat(counted).containsEntry("dropped", 2L);
    }

    @Test
    void triesABatchAgainAfterAPauseThatGrows() {
        answers.addAll(List.of(AWAY, AWAY));
        offer(1);
        assertThat(turn()).isEqualTo(1_000_000_000);
        clock.advance(Duration.ofNanos(999_999_999));
        assertThat(turn()).isEqualTo(1);
        assertThat(batches).hasSize(1);
        clock.advance(Duration.ofNanos(1));
        assertThat(turn()).as("half as long again, less a tenth by chance").isEqualTo(1_350_000_000);
        clock.advance(Duration.ofNanos(1_350_000_000));
        turn();
        assertThat(batches).hasSize(3);
        assertThat(counted).containsExactly(Map.entry("exported", 2L));
    }

    @Test
    void givesABatchUpAfterFiveTriesAndGoesOnWithTheNext() {
        for (int i = 0; i < SpanExporter.MOST_TRIES; i++) answers.add(AWAY);
        offer(300);
        for (int i = 0; i < SpanExporter.MOST_TRIES; i++) {
            turn();
            clock.advance(Duration.ofSeconds(5));
        }
        assertThat(counted).containsExactly(Map.entry("failed", 512L));
        turn();
        assertThat(counted).containsEntry("exported", 88L);
    }

    @Test
    void givesUpAtOnceWhatWillNeverBeTaken() {
        answers.add(NEVER);
        offer(1);
        turn();
        assertThat(counted).containsExactly(Map.entry("failed", 2L));
    }

    @Test
    void countsWhatTheCollectorRejects() {
        answers.add(new Collector.Answer(Collector.Outcome.TAKEN, 3, "too old"));
        offer(5);
        turn();
        assertThat(counted).containsOnly(Map.entry("exported", 7L), Map.entry("rejected", 3L));
    }

    @Test
    void atTheEndEachBatchIsSentOnce() {
        answers.addAll(List.of(TAKEN, AWAY));
        offer(1000);
        exporter.flush();
        assertThat(counted).containsOnly(Map.entry("exported", 512L), Map.entry("failed", 512L), Map.entry("dropped", 976L));
    }

    private long turn() {
        return exporter.turn(clock.nanos());
    }

    /** Requests with one try each. */
    private void offer(int requests) {
        for (int i = 0; i < requests; i++) {
            RequestTrace trace = tracer.begin(new TraceId(1, 2, 0, 3, 1), clock.nanos(), clock.instant());
            trace.attempt(4, 1, false, new Address("a", 1), false, clock.nanos());
            trace.end(new RequestEnd("GET", true, "/", "/", "http", "a", "2", 200, null, false, null, null, null, null, null, null, false, -1, clock.nanos()));
        }
    }

    private SpanExporter exporter(ScriptedRandom random) {
        return new SpanExporter("otel:4317", new Collector() {
            @Override
            public Answer send(List<RequestTrace> batch) {
                batches.add(batch.size());
                return answers.isEmpty() ? TAKEN : answers.remove();
            }

            @Override
            public void close() {}
        }, new Env(clock, clock, random), (result, spans) -> counted.merge(result, spans, Long::sum));
    }
}
