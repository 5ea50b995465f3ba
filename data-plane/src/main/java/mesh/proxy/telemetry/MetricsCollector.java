package mesh.proxy.telemetry;

import io.prometheus.client.Collector;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** Adds the metrics up for a scrape, in the words of Prometheus. To be registered once; on whatever thread scrapes. */
public final class MetricsCollector extends Collector {

    private static final double[] QUANTILES = {0.5, 0.9, 0.95, 0.99, 0.999};
    private static final double[] BUCKETS = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

    private final ProxyMetrics metrics;

    public MetricsCollector(ProxyMetrics metrics) {
        this.metrics = metrics;
    }

    /** One metric's samples, all under the labels that {@link Metric} names. */
    private static final class Family {

        private final Metric metric;
        private final List<MetricFamilySamples.Sample> samples = new ArrayList<>();

        Family(Metric metric) {
            this.metric = metric;
        }

        Family add(double value, String... labels) {
            return add("", metric.labels(), List.of(labels), value);
        }

        Family add(String suffix, List<String> names, List<String> values, double value) {
            samples.add(new MetricFamilySamples.Sample(metric.text() + suffix, names, values, value));
            return this;
        }

        MetricFamilySamples samples() {
            // The client writes "_total" itself.
            String name = metric.type() == Type.COUNTER ? metric.text().replaceAll("_total$", "") : metric.text();
            return new MetricFamilySamples(name, metric.type(), metric.help(), samples);
        }
    }

    @Override
    public List<MetricFamilySamples> collect() {
        List<Family> families = new ArrayList<>();
        requests(families);
        upstreams(families);
        listeners(families);
        for (Metric metric : new Metric[] {
            Metric.BREAKER_TRANSITIONS, Metric.OUTLIER_EJECTIONS, Metric.HEALTH_CHECKS, Metric.RETRIES, Metric.CLUSTER_OVERFLOW,
            Metric.CLUSTER_PANIC, Metric.HEDGES, Metric.FAULTS, Metric.MIRRORED, Metric.RATE_LIMITED, Metric.RATE_LIMIT_SHARED, Metric.DENIED,
            Metric.PLAINTEXT, Metric.STOPPED, Metric.INTERCEPTED, Metric.DETECTED, Metric.DISMISSED, Metric.HANDSHAKES, Metric.CERTIFICATE_RENEWALS, Metric.CONFIG_APPLIES,
            Metric.SHED, Metric.INTERNAL_ERRORS, Metric.ACCESS_LOG_DROPPED, Metric.SPANS}) {
            Family family = new Family(metric);
            metrics.counters(metric).forEach((labels, count) -> family.add("", metric.labels(), labels, count.sum()));
            // One without labels is there from the beginning, so that its rate can be seen.
            if (metric.labels().isEmpty() && family.samples.isEmpty()) family.add(0);
            families.add(family);
        }
        Family budgets = new Family(Metric.RETRY_BUDGET);
        metrics.forEachBudget((cluster, balance) -> budgets.add(balance, cluster));
        families.add(budgets);
        families.add(new Family(Metric.DROPPED).add(metrics.dropped()));
        Family expiry = new Family(Metric.CERTIFICATE_EXPIRY);
        metrics.expiries().forEach((kind, seconds) -> expiry.add(seconds, kind));
        families.add(expiry);
        families.add(new Family(Metric.MEMORY_HELD).add(metrics.memoryHeld()));
        families.add(new Family(Metric.MEMORY_BUDGET).add(metrics.memoryBudget()));
        families.add(new Family(Metric.CONFIG_STALE).add(metrics.configStale() ? 1 : 0));
        families.add(new Family(Metric.CONFIG_VERSION).add(1, Long.toString(metrics.configVersion())));
        return families.stream().map(Family::samples).toList();
    }

    private void requests(List<Family> families) {
        Family counts = new Family(Metric.REQUESTS);
        Family summary = new Family(Metric.REQUEST_DURATION);
        Family histogram = new Family(Metric.REQUEST_LATENCY);
        new TreeMap<>(metrics.services()).forEach((service, requests) -> {
            ServiceRequests.Seen durations = requests.durations();
            requests.forEachStatus((status, count) -> counts.add(count, service, Integer.toString(status)));
            addSummary(summary, service, durations, requests.seconds());
            addBuckets(histogram, service, durations.all(), requests.seconds());
        });
        families.addAll(List.of(counts, summary, histogram));
    }

    private static void addSummary(Family family, String service, ServiceRequests.Seen durations, double seconds) {
        for (double quantile : QUANTILES) {
            Durations recent = durations.recent();
            double value = recent.count() == 0 ? Double.NaN : recent.quantile(quantile) / 1e6;
            family.add("", List.of("service", "quantile"), List.of(service, Double.toString(quantile)), value);
        }
        addTotals(family, service, durations.all(), seconds);
    }

    private static void addBuckets(Family family, String service, Durations all, double seconds) {
        for (double bucket : BUCKETS) {
            long below = all.upTo((long) (bucket * TimeUnit.SECONDS.toMicros(1)));
            family.add("_bucket", List.of("service", "le"), List.of(service, doubleToGoString(bucket)), below);
        }
        family.add("_bucket", List.of("service", "le"), List.of(service, "+Inf"), all.count());
        addTotals(family, service, all, seconds);
    }

    private static void addTotals(Family family, String service, Durations all, double seconds) {
        family.add("_count", List.of("service"), List.of(service), all.count());
        family.add("_sum", List.of("service"), List.of(service), seconds);
    }

    private void upstreams(List<Family> families) {
        Map<String, Integer> connections = new TreeMap<>();
        Map<String, Integer> states = new TreeMap<>();
        Map<String, Integer> ejected = new TreeMap<>();
        Map<String, Integer> healthy = new TreeMap<>();
        for (ProxyMetrics.UpstreamTraffic upstream : metrics.upstreams()) {
            connections.merge(upstream.address, upstream.active.get(), Integer::sum);
            states.merge(upstream.address, upstream.breakerState.getAsInt(), Math::max);
            int out = upstream.ejectedState.getAsInt();
            if (out >= 0) ejected.merge(upstream.address, out, Math::max);
            int well = upstream.healthyState.getAsInt();
            if (well >= 0) healthy.merge(upstream.address, well, Math::min);
        }
        Family active = new Family(Metric.UPSTREAM_CONNECTIONS);
        connections.forEach((address, count) -> active.add(count, address));
        Family breakers = new Family(Metric.BREAKER_STATE);
        states.forEach((address, state) -> breakers.add(state, address));
        Family outliers = new Family(Metric.OUTLIER_EJECTIONS_ACTIVE);
        ejected.forEach((address, out) -> outliers.add(out, address));
        Family checks = new Family(Metric.UPSTREAM_HEALTHY);
        healthy.forEach((address, well) -> checks.add(well, address));
        families.addAll(List.of(active, breakers, outliers, checks));
    }

    private void listeners(List<Family> families) {
        Family accepted = new Family(Metric.CONNECTIONS);
        Family refused = new Family(Metric.CONNECTIONS_REFUSED);
        Family active = new Family(Metric.ACTIVE_CONNECTIONS);
        Family bytes = new Family(Metric.BYTES);
        new TreeMap<>(metrics.listeners()).forEach((name, traffic) -> {
            accepted.add(traffic.accepted.sum(), name);
            refused.add(traffic.refused.sum(), name);
            active.add(traffic.active.get(), name);
            bytes.add(traffic.in.sum(), name, "in").add(traffic.out.sum(), name, "out");
        });
        families.addAll(List.of(accepted, refused, active, bytes));
    }
}
