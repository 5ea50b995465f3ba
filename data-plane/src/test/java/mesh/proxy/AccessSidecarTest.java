package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.prometheus.client.Collector.MetricFamilySamples.Sample;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import mesh.model.AccessPolicy;
import mesh.model.AccessPolicy.Action;
import mesh.model.ApplyResult;
import mesh.model.DownstreamTls;
import mesh.model.Endpoint;
import mesh.model.HeaderMatch;
import mesh.model.MeshSnapshot;
import mesh.model.PeerMatch;
import mesh.pki.TestPki;
import mesh.proxy.telemetry.MetricsCollector;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Policies and permissive mode on real sockets: web calls payments, through a sidecar each or without one. */
class AccessSidecarTest {

    private final TestPki pki = TestPki.create(Env.system().clock());
    private Sidecar web = new Sidecar(Env.system(), 1);
    private final Sidecar payments = new Sidecar(Env.system(), 1);
    private final TestUpstream app = new TestUpstream(exchange -> TestUpstream.text(exchange, 200, "path " + exchange.getRequestURI()));

    @BeforeEach
    void identify() {
        web.rotate(pki.svid("web"), pki.bundle());
        payments.rotate(pki.svid("payments"), pki.bundle());
    }

    @AfterEach
    void close() {
        web.close();
        payments.close();
        app.close();
    }

    @Test
    void whatIsDeniedIsAnsweredWith403AndNamesThePolicyForPeopleOnly() throws Exception {
        payments(policy("no-admin", Action.DENY, false, "/admin/*"));
        assertThat(get("/admin/users")).startsWith("HTTP/1.1 403").doesNotContain("no-admin");
        assertThat(get("/")).startsWith("HTTP/1.1 200");
        assertThat(app.requests()).isEqualTo(1);
        assertMetric("mesh_authorization_denied_total{listener=\"web\",policy=\"no-admin\",mode=\"enforced\"} 1.0");
    }

    @Test
    void whereAnythingIsAllowedTheRestIsNot() throws Exception {
        payments(
            new AccessPolicy("web-reads", Action.ALLOW, false, List.of(PeerMatch.parse("spiffe://mesh.local/web")), List.of(), List.of("GET"), List.of()),
            new AccessPolicy("cart", Action.ALLOW, false, List.of(PeerMatch.parse("spiffe://mesh.local/cart/*")), List.of(), List.of(), List.of()));
        assertThat(get("/")).startsWith("HTTP/1.1 200");
        assertThat(ask("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")).startsWith("HTTP/1.1 403");
        callAs("cart");
        assertThat(get("/")).startsWith("HTTP/1.1 403");
        callAs("cart/a");
        assertThat(get("/")).startsWith("HTTP/1.1 200");
        assertMetric("mesh_authorization_denied_total{listener=\"web\",policy=\"cart,web-reads\",mode=\"enforced\"} 2.0");
    }

    @Test
    void aDryRunOnlyTells() throws Exception {
        payments(policy("no-admin", Action.DENY, true, "/admin"),
            new AccessPolicy("nobody", Action.ALLOW, true, List.of(PeerMatch.parse("namespace/none")), List.of(), List.of(), List.of(HeaderMatch.absent("x-a"))));
        assertThat(get("/admin")).startsWith("HTTP/1.1 200");
        assertThat(get("/%61dmin")).as("a path that can be read in two ways").startsWith("HTTP/1.1 200");
        assertMetric("mesh_authorization_denied_total{listener=\"web\",policy=\"no-admin\",mode=\"dry_run\"} 1.0");
        assertMetric("mesh_authorization_denied_total{listener=\"web\",policy=\"nobody\",mode=\"dry_run\"} 1.0");
    }

    /** Whatever reaches the application was judged in the form in which it reaches it. */
    @ParameterizedTest
    @CsvSource({"/a/../admin/x, 403", "/%2e%2e/admin/x, 403", "/./admin/x, 403", "//admin/x, 400", "/%61dmin/x, 400", "/admin%2fx, 400", "/a%5c..%5cadmin, 400",
        "/admin;a=b/x, 400", "/a%2F..%2Fadmin/x, 400", "/%2561dmin/x, 400", "/adm%69n/x?a, 400", "/admins, 200", "/b?p=//admin/x;%2f, 200", "/%C3%A4/x, 200",
        "/admin/x?y, 403"})
    void noSpellingGetsPastAPolicy(String path, int status) throws Exception {
        payments(policy("no-admin", Action.DENY, false, "/admin/*"));
        assertThat(get(path)).startsWith("HTTP/1.1 " + status);
        assertThat(app.requests()).isEqualTo(status == 200 ? 1 : 0);
    }

    @Test
    void whoHasProvedNothingIsNobodyToAPolicy() throws Exception {
        MeshSnapshot permissive = inbound(DownstreamTls.Mode.PERMISSIVE, new AccessPolicy("proven", Action.ALLOW, false, List.of(new PeerMatch.Anyone()),
            List.of(), List.of(), List.of()));
        assertThat(payments.apply(permissive)).isInstanceOf(ApplyResult.Applied.class);
        assertThat(plaintext("/")).startsWith("HTTP/1.1 403");
        outbound();
        assertThat(get("/")).startsWith("HTTP/1.1 200");
    }

    @Test
    void permissiveTakesBothAndListsWhoCallsWithoutTls() throws Exception {
        assertThat(payments.apply(inbound(DownstreamTls.Mode.PERMISSIVE))).isInstanceOf(ApplyResult.Applied.class);
        outbound();
        assertThat(get("/by-tls")).startsWith("HTTP/1.1 200");
        assertThat(payments.plaintext().list()).isEmpty();
        assertThat(plaintext("/1")).startsWith("HTTP/1.1 200");
        assertThat(plaintext("/2")).startsWith("HTTP/1.1 200");
        assertThat(payments.plaintext().list()).singleElement().satisfies(caller -> {
            assertThat(caller.listener()).isEqualTo("web");
            assertThat(caller.address()).isEqualTo("127.0.0.1");
            assertThat(caller.connections()).isEqualTo(2);
        });
        assertThat(metrics()).contains("mesh_plaintext_connections_total{listener=\"web\"} 2.0");

        // The switch is a configuration like any other.
        assertThat(payments.apply(inbound(DownstreamTls.Mode.STRICT))).isInstanceOf(ApplyResult.Applied.class);
        assertThat(plaintext("/3")).isEmpty();
        assertThat(get("/by-tls")).startsWith("HTTP/1.1 200");
        await().untilAsserted(() -> assertThat(metrics())
            .contains("mesh_tls_handshakes_total{side=\"server\",result=\"failed\",reason=\"plaintext\"} 1.0"));
    }

    private static AccessPolicy policy(String name, Action action, boolean dryRun, String path) {
        return new AccessPolicy(name, action, dryRun, List.of(), List.of(AccessPolicy.path(path)), List.of(), List.of());
    }

    private void payments(AccessPolicy... policies) {
        assertThat(payments.apply(inbound(DownstreamTls.Mode.STRICT, policies))).isInstanceOf(ApplyResult.Applied.class);
        outbound();
    }

    private MeshSnapshot inbound(DownstreamTls.Mode mode, AccessPolicy... policies) {
        return Snapshots.http().downstreamTls(new DownstreamTls(mode, Set.of())).access(policies).to(app.address(), 1).build();
    }

    private void callAs(String workload) {
        web.close();
        web = new Sidecar(Env.system(), 1);
        web.rotate(pki.svid(workload), pki.bundle());
        outbound();
    }

    private void outbound() {
        assertThat(web.apply(Snapshots.http().to(new Endpoint(payments.bound().get("web"), 1, Optional.of(pki.id("payments")))).build()))
            .isInstanceOf(ApplyResult.Applied.class);
    }

    private String get(String path) throws Exception {
        return ask("GET " + path + " HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    }

    private String ask(String request) throws Exception {
        try (RawClient client = new RawClient(web.bound().get("web"))) {
            return client.send(request).readAll();
        }
    }

    private String plaintext(String path) throws Exception {
        try (RawClient client = new RawClient(payments.bound().get("web"))) {
            return client.send("GET " + path + " HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").readAll();
        } catch (IOException e) {
            return "";
        }
    }

    private List<String> metrics() {
        return new MetricsCollector(payments.metrics()).collect().stream().flatMap(family -> family.samples.stream()).map(AccessSidecarTest::line).toList();
    }

    private static String line(Sample sample) {
        StringBuilder labels = new StringBuilder();
        for (int i = 0; i < sample.labelNames.size(); i++) {
            labels.append(i == 0 ? "" : ",").append(sample.labelNames.get(i)).append("=\"").append(sample.labelValues.get(i)).append('"');
        }
        return sample.name + "{" + labels + "} " + sample.value;
    }

    private void assertMetric(String line) {
        assertThat(metrics()).contains(line);
    }
}
