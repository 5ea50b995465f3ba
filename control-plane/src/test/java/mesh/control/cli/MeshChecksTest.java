package mesh.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Timestamp;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import mesh.control.cli.CheckCommand.Finding;
import mesh.v1.Authority;
import mesh.v1.CaStatus;
import mesh.v1.Cluster;
import mesh.v1.Config;
import mesh.v1.Endpoint;
import mesh.v1.ListSidecarsResponse;
import mesh.v1.Rejection;
import mesh.v1.SidecarStatus;
import org.junit.jupiter.api.Test;

class MeshChecksTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    @Test
    void findsSidecarsThatRejectedOrHaveNotAnswered() {
        SidecarStatus good = sidecar("good").build();
        SidecarStatus late = sidecar("late").setAcknowledgedVersion(6).build();
        SidecarStatus bad = sidecar("bad").setLastRejection(Rejection.newBuilder().setVersion(7).setMessage("clusters.pay: no")).build();
        SidecarStatus gone = sidecar("gone").setConnected(false).setAcknowledgedVersion(6).build();
        assertThat(MeshChecks.sidecars(ListSidecarsResponse.newBuilder().addAllSidecars(List.of(good, late, bad, gone)).build())).containsExactly(
            new Finding("UNACKNOWLEDGED", "late", "has acknowledged version 6 (expected: 7, which it was sent)"),
            new Finding("REJECTED", "bad", "rejected version 7: clusters.pay: no"));
    }

    @Test
    void findsAClockThatIsFurtherAwayThanTheAnswerTook() {
        assertThat(MeshChecks.clock(NOW.minusSeconds(30), NOW, NOW.plusSeconds(1))).isEmpty();
        assertThat(MeshChecks.clock(NOW.plusSeconds(5), NOW, NOW.plusSeconds(10))).isEmpty();
        assertThat(MeshChecks.clock(NOW.minusSeconds(31), NOW, NOW.plusSeconds(1))).extracting(Finding::code).containsExactly("CLOCK_SKEW");
        assertThat(MeshChecks.clock(NOW.plusSeconds(32), NOW, NOW.plusSeconds(1))).extracting(Finding::code).containsExactly("CLOCK_SKEW");
    }

    @Test
    void findsAuthoritiesThatExpire() {
        CaStatus status = CaStatus.newBuilder()
            .addAuthorities(Authority.newBuilder().setNumber(1).setRootNotAfter(in(180)).setIntermediateNotAfter(in(29)))
            .addAuthorities(Authority.newBuilder().setNumber(2).setRootNotAfter(in(-1)).setIntermediateNotAfter(in(30)))
            .build();
        assertThat(MeshChecks.authority(status, NOW)).containsExactly(
            new Finding("CERTIFICATE_EXPIRES", "intermediate 1", "expires at 2026-01-30T00:00:00Z (expected: 30 days left)"),
            new Finding("CERTIFICATE_EXPIRES", "root 2", "expired at 2025-12-31T00:00:00Z (expected: 180 days left)"));
    }

    @Test
    void findsClustersThatNobodyServes() {
        Config config = Config.newBuilder()
            .addClusters(Cluster.newBuilder().setName("empty"))
            .addClusters(Cluster.newBuilder().setName("ill").addEndpoints(Endpoint.newBuilder().setAddress("10.0.0.1:80").setHealth("unhealthy")))
            .addClusters(Cluster.newBuilder().setName("well").addEndpoints(Endpoint.newBuilder().setAddress("10.0.0.1:80")))
            .addClusters(Cluster.newBuilder().setName("passing").setType("original_dst"))
            .build();
        assertThat(MeshChecks.endpoints(config)).containsExactly(
            new Finding("NO_ENDPOINT", "cluster empty", "has no endpoints"),
            new Finding("NO_ENDPOINT", "cluster ill", "has no endpoint that is marked healthy"));
    }

    @Test
    void findsEndpointsThatCannotBeConnectedTo() throws Exception {
        ServerSocket open = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        String address = "127.0.0.1:" + open.getLocalPort();
        Config config = Config.newBuilder().addClusters(Cluster.newBuilder().setName("pay").addEndpoints(Endpoint.newBuilder().setAddress(address))).build();
        assertThat(MeshChecks.connections(config, Duration.ofSeconds(5))).isEmpty();
        open.close();
        assertThat(MeshChecks.connections(config, Duration.ofSeconds(5))).singleElement().satisfies(each -> {
            assertThat(each.code()).isEqualTo("UNREACHABLE");
            assertThat(each.subject()).isEqualTo("endpoint " + address);
        });
    }

    @Test
    void namesSidecarsWhoseClocksDiffer() {
        SidecarStatus.Builder gone = sidecar("gone").setConnected(false);
        assertThat(MeshChecks.clocks(ListSidecarsResponse.newBuilder().addSidecars(ahead(sidecar("good"), 30))
            .addSidecars(ahead(sidecar("early"), 31)).addSidecars(ahead(sidecar("late"), -31)).addSidecars(ahead(gone, 99)).addSidecars(sidecar("unknown")).build())).containsExactly(
                new Finding("CLOCK_SKEW", "early", "its clock is 31s ahead of the control plane's (expected: at most 30s)"),
                new Finding("CLOCK_SKEW", "late", "its clock is 31s behind the control plane's (expected: at most 30s)"));
    }

    private static SidecarStatus.Builder ahead(SidecarStatus.Builder sidecar, int seconds) {
        return sidecar.setClockAhead(com.google.protobuf.Duration.newBuilder().setSeconds(seconds));
    }

    private static SidecarStatus.Builder sidecar(String node) {
        return SidecarStatus.newBuilder().setNode(node).setConnected(true).setAcknowledgedVersion(7).setSentVersion(7);
    }

    private static Timestamp in(int days) {
        return Timestamp.newBuilder().setSeconds(NOW.plus(Duration.ofDays(days)).getEpochSecond()).build();
    }
}
