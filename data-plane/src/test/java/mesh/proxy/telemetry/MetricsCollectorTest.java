package mesh.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.exporter.common.TextFormat;
import java.io.IOException;
import java.io.StringWriter;
import java.time.Duration;
import java.util.Arrays;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;

class MetricsCollectorTest {

    private final FakeClock clock = new FakeClock();
    private final ProxyMetrics metrics = new ProxyMetrics(2, clock);
    private final CollectorRegistry registry = new CollectorRegistry();

    MetricsCollectorTest() {
        registry.register(new MetricsCollector(metrics));
    }

    @Test
    void exposesTheFourSeriesOfTheSpecificationUnderTheirNames() {
        metrics.service("payments").request(0, 200, Duration.ofMillis(45).toNanos());
        metrics.service("payments").request(1, 200, Duration.ofMillis(45).toNanos());
        metrics.service("payments").request(1, 503, Duration.ofMillis(45).toNanos());
        metrics.upstream("payments:9001", () -> 1, () -> -1, () -> -1).connectionOpened();

        assertThat(scrape())
            .contains("mesh_requests_total{service=\"payments\",status=\"200\",} 2.0\n")
            .contains("mesh_requests_total{service=\"payments\",status=\"503\",} 1.0\n")
            .contains("mesh_request_duration_seconds{service=\"payments\",quantile=\"0.99\",} 0.045")
            .contains("mesh_request_duration_seconds_count{service=\"payments\",} 3.0\n")
            .contains("mesh_request_duration_seconds_sum{service=\"payments\",} 0.135\n")
            .contains("mesh_upstream_active_connections{upstream=\"payments:9001\",} 1.0\n")
            .contains("mesh_circuit_breaker_state{upstream=\"payments:9001\",} 1.0\n");
    }

    @Test
    void countsStayWhileQuantilesForgetAfterAMinute() {
        ProxyMetrics.ServiceMeter payments = metrics.service("payments");
        payments.request(0, 200, Duration.ofSeconds(3).toNanos());
        assertThat(scrape()).contains("quantile=\"0.5\",} 3.0");
        clock.advance(Duration.ofSeconds(30));
        payments.request(0, 200, Duration.ofMillis(1).toNanos());
        assertThat(scrape()).contains("quantile=\"0.999\",} 3.0");

        clock.advance(Duration.ofSeconds(40));
        assertThat(scrape())
            .contains("quantile=\"0.999\",} 0.001")
            .contains("mesh_request_duration_seconds_count{service=\"payments\",} 2.0\n");
        clock.advance(Duration.ofMinutes(1));
        assertThat(scrape()).contains("quantile=\"0.5\",} NaN").contains("_bucket{service=\"payments\",le=\"+Inf\",} 2.0\n");
    }

    @Test
    void bucketsAddUpFromTheSmallest() {
        ProxyMetrics.ServiceMeter payments = metrics.service("payments");
        payments.request(0, 200, Duration.ofMillis(2).toNanos());
        payments.request(0, 200, Duration.ofMillis(40).toNanos());
        payments.request(0, 200, Duration.ofHours(2).toNanos());

        assertThat(scrape())
            .contains("mesh_request_latency_seconds_bucket{service=\"payments\",le=\"0.001\",} 0.0\n")
            .contains("mesh_request_latency_seconds_bucket{service=\"payments\",le=\"0.0025\",} 1.0\n")
            .contains("mesh_request_latency_seconds_bucket{service=\"payments\",le=\"0.05\",} 2.0\n")
            .contains("mesh_request_latency_seconds_bucket{service=\"payments\",le=\"10.0\",} 2.0\n")
            .contains("mesh_request_latency_seconds_bucket{service=\"payments\",le=\"+Inf\",} 3.0\n");
    }

    @Test
    void addsEndpointsOfSeveralClustersAtOneAddressUpAndForgetsTheClosed() {
        ProxyMetrics.UpstreamMeter one = metrics.upstream("a:1", () -> 0, () -> 0, () -> 1);
        ProxyMetrics.UpstreamMeter other = metrics.upstream("a:1", () -> 1, () -> 1, () -> 0);
        one.connectionOpened();
        other.connectionOpened();
        one.checked("success");
        other.checked("success");
        one.breakerChanged("open");
        assertThat(scrape())
            .contains("mesh_health_checks_total{upstream=\"a:1\",result=\"success\",} 2.0\n")
            .contains("mesh_upstream_healthy{upstream=\"a:1\",} 0.0\n")
            .contains("mesh_upstream_active_connections{upstream=\"a:1\",} 2.0\n")
            .contains("mesh_circuit_breaker_state{upstream=\"a:1\",} 1.0\n");

        other.close();
        other.connectionClosed();
        other.checked("success");
        assertThat(scrape())
            .contains("mesh_health_checks_total{upstream=\"a:1\",result=\"success\",} 2.0\n")
            .contains("mesh_upstream_healthy{upstream=\"a:1\",} 1.0\n")
            .contains("mesh_upstream_active_connections{upstream=\"a:1\",} 1.0\n")
            .contains("mesh_circuit_breaker_state{upstream=\"a:1\",} 0.0\n");
        one.close();
        one.checked("success");
        assertThat(scrape()).doesNotContain("a:1");
    }

    @Test
    void tellsOfConnectionsBytesConfigurationAndCertificates() {
        ProxyMetrics.ListenerMeter web = metrics.listener("web");
        web.connectionOpened();
        web.connectionOpened();
        web.connectionClosed();
        web.bytesIn(0, 10);
        web.bytesIn(1, 5);
        web.bytesOut(1, 7);
        metrics.configApplied(7, true);
        metrics.configRejected();
        metrics.certificateExpiry("svid", 1_800_000_000);
        metrics.handshake("server", "failed", "expired");
        metrics.retry("no_budget");

        assertThat(scrape())
            .contains("mesh_connections_total{listener=\"web\",} 2.0\n")
            .contains("mesh_active_connections{listener=\"web\",} 1.0\n")
            .contains("mesh_bytes_total{listener=\"web\",direction=\"in\",} 15.0\n")
            .contains("mesh_bytes_total{listener=\"web\",direction=\"out\",} 7.0\n")
            .contains("mesh_config_version_info{version=\"7\",} 1.0\n")
            .contains("mesh_config_stale 1.0\n")
            .contains("mesh_config_applies_total{result=\"applied\",} 1.0\n")
            .contains("mesh_config_applies_total{result=\"rejected\",} 1.0\n")
            .contains("mesh_certificate_expiry_timestamp_seconds{kind=\"svid\",} 1.8E9\n")
            .contains("mesh_tls_handshakes_total{side=\"server\",result=\"failed\",reason=\"expired\",} 1.0\n")
            .contains("mesh_retries_total{outcome=\"no_budget\",} 1.0\n")
            .contains("mesh_internal_errors_total 0.0\n");
    }

    @Test
    void losesNoCountWhileLoopsRecordAndIsScrapedMeanwhile() throws InterruptedException {
        int loops = 4;
        int each = 200_000;
        ProxyMetrics many = new ProxyMetrics(loops, clock);
        CollectorRegistry scraped = new CollectorRegistry();
        scraped.register(new MetricsCollector(many));
        Thread[] threads = new Thread[loops];
        for (int loop = 0; loop < loops; loop++) {
            int index = loop;
            threads[loop] = new Thread(() -> {
                ProxyMetrics.ServiceMeter payments = many.service("payments");
                for (int i = 0; i < each; i++) payments.request(index, 200 + i % 5, Duration.ofMillis(i % 100).toNanos());
            });
            threads[loop].start();
        }
        double before = 0;
        while (Arrays.stream(threads).anyMatch(Thread::isAlive)) {
            Double count = scraped.getSampleValue("mesh_request_duration_seconds_count", new String[] {"service"}, new String[] {"payments"});
            if (count == null) continue;
            assertThat(count).isGreaterThanOrEqualTo(before);
            before = count;
        }

        String all = "{service=\"payments\",";
        assertThat(scrape(scraped))
            .contains("mesh_requests_total" + all + "status=\"204\",} 160000.0\n")
            .contains("mesh_request_duration_seconds_count" + all + "} 800000.0\n")
            .contains("mesh_request_duration_seconds_sum" + all + "} 39600.0\n")
            .contains("mesh_request_duration_seconds" + all + "quantile=\"0.5\",} 0.049")
            .contains("mesh_request_latency_seconds_bucket" + all + "le=\"5.0E-4\",} 8000.0\n")
            .contains("mesh_request_latency_seconds_bucket" + all + "le=\"0.05\",} 408000.0\n")
            .contains("mesh_request_latency_seconds_bucket" + all + "le=\"+Inf\",} 800000.0\n")
            .contains("mesh_request_latency_seconds_count" + all + "} 800000.0\n");
    }

    @Test
    void aServiceThatNobodyCallsExpiresAndComesBackWithItsCounts() {
        ProxyMetrics.ServiceMeter payments = metrics.service("payments");
        metrics.service("never-called");
        payments.request(0, 200, 1000);
        assertThat(scrape()).contains("payments").doesNotContain("never-called");
        clock.advance(Duration.ofMinutes(10).minusNanos(1));
        assertThat(scrape()).contains("payments");
        clock.advance(Duration.ofNanos(1));
        assertThat(scrape()).doesNotContain("payments");
        payments.request(0, 200, 1000);
        assertThat(scrape()).contains("mesh_requests_total{service=\"payments\",status=\"200\",} 2.0\n");
    }

    @Test
    void whatHasFixedWordsAndWhatIsInUseStays() {
        metrics.retry("retried");
        metrics.overflow("payments", "REQUESTS");
        metrics.listener("web").connectionOpened();
        metrics.upstream("a:1", () -> 0, () -> -1, () -> -1);
        scrape();
        clock.advance(Duration.ofHours(1));
        assertThat(scrape())
            .contains("mesh_retries_total{outcome=\"retried\",} 1.0\n")
            .contains("mesh_active_connections{listener=\"web\",} 1.0\n")
            .contains("mesh_upstream_active_connections{upstream=\"a:1\",} 0.0\n")
            .doesNotContain("mesh_cluster_overflow_total{");
    }

    @Test
    void whatIsBeyondTheLimitIsDroppedAndCounted() {
        ProxyMetrics few = new ProxyMetrics(1, clock, 3);
        CollectorRegistry scraped = new CollectorRegistry();
        scraped.register(new MetricsCollector(few));
        for (int i = 0; i < 5; i++) few.upstream("endpoint-" + i + ":1", () -> 0, () -> -1, () -> -1);
        few.overflow("payments", "REQUESTS");
        few.overflow("payments", "REQUESTS");
        few.retry("retried");

        assertThat(scrape(scraped))
            .contains("upstream=\"endpoint-2:1\"").doesNotContain("endpoint-3").doesNotContain("mesh_cluster_overflow_total{")
            .contains("mesh_metrics_dropped_total 4.0\n").contains("mesh_retries_total{outcome=\"retried\",} 1.0\n");
    }

    @Test
    void tellsWhatRetryBudgetsHold() {
        metrics.retryBudgets(sink -> sink.accept("payments", 12.5));
        assertThat(scrape()).contains("mesh_retry_budget_balance{cluster=\"payments\",} 12.5\n").contains("mesh_metrics_dropped_total 0.0\n");
    }

    private String scrape() {
        return scrape(registry);
    }

    private static String scrape(CollectorRegistry registry) {
        StringWriter text = new StringWriter();
        try {
            TextFormat.write004(text, registry.metricFamilySamples());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return text.toString();
    }
}
