/**
 * Spans of sampled requests, and their way to a collector. Imports the model and {@code outcome}; generated stubs and gRPC only where they
 * leave ({@link mesh.proxy.tracing.OtlpCollector}, {@link mesh.proxy.tracing.OtlpSpans}), which are loaded with the first spans. Read
 * {@link mesh.proxy.tracing.RequestTrace} first, then {@link mesh.proxy.tracing.SpanExporter}.
 */
package mesh.proxy.tracing;
