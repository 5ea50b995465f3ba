/**
 * Every metric of the sidecar, and the access log. Imports the model and {@code outcome}. Read {@link mesh.proxy.telemetry.ProxyMetrics}
 * first, then {@link mesh.proxy.telemetry.Metric} for what there is.
 */
package mesh.proxy.telemetry;
