package mesh.proxy.tracing;

/** Counts what became of spans. Any thread. */
@FunctionalInterface
public interface SpanCounter {

    /** @param result {@code exported}, {@code dropped} as too many waited, {@code rejected} by the collector, {@code failed} to be taken at all */
    void count(String result, long spans);
}
