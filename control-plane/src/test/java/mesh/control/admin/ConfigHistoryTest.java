package mesh.control.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Timestamp;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import mesh.v1.ApplyConfigRequest;
import mesh.v1.Cluster;
import mesh.v1.Config;
import mesh.v1.ConfigVersion;
import mesh.v1.DiffConfigRequest;
import mesh.v1.DiffConfigResponse;
import mesh.v1.Endpoint;
import mesh.v1.FieldChange;
import mesh.v1.GetConfigRequest;
import mesh.v1.GetConfigResponse;
import mesh.v1.ListVersionsRequest;
import mesh.v1.Listener;
import mesh.v1.RollbackConfigRequest;
import mesh.v1.Scope;
import mesh.v1.WriteResponse;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConfigHistoryTest {

    private AdminServer server;
    private Instant began;

    @BeforeEach
    void start() throws Exception {
        server = new AdminServer();
        began = server.clock.instant();
        // Versions 1, 2 and 3, a minute apart.
        apply(weighted(1), "first");
        apply(weighted(2), "");
        apply(weighted(3), "third time lucky");
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    @Test
    void listsWhoWroteWhatWhenAndWhatForTheNewestFirst() {
        assertThat(versions(ListVersionsRequest.getDefaultInstance()))
            .extracting(ConfigVersion::getVersion, ConfigVersion::getMessage, v -> v.getAt().getSeconds() - began.getEpochSecond())
            .containsExactly(tuple(3, "third time lucky", 120), tuple(2, "apply config", 60), tuple(1, "first", 0));
        assertThat(versions(ListVersionsRequest.getDefaultInstance())).extracting(ConfigVersion::getAuthor)
            .containsOnly("loopback");
        assertThat(versions(ListVersionsRequest.newBuilder().setLimit(1).setBeforeVersion(3).build()))
            .extracting(ConfigVersion::getVersion).containsExactly(2L);
        refused(Code.INVALID_ARGUMENT, "limit: 1001 (expected: 1000 at most", () -> versions(ListVersionsRequest.newBuilder().setLimit(1001).build()));
        refused(Code.INVALID_ARGUMENT, "limit: 4294967295", () -> versions(ListVersionsRequest.newBuilder().setLimit(-1).build()));
    }

    private static Tuple tuple(long version, String message, long seconds) {
        return Tuple.tuple(version, message, seconds);
    }

    @Test
    void getsAnEarlierVersionByItsNumberOrByATime() {
        assertThat(get(GetConfigRequest.newBuilder().setVersion(1).build()).getConfig().getClusters(0).getEndpoints(0).getWeight()).isEqualTo(1);
        assertThat(get(at(Duration.ofSeconds(119))).getVersion()).isEqualTo(2);
        assertThat(get(at(Duration.ofSeconds(120))).getVersion()).isEqualTo(3);
        assertThat(get(at(Duration.ofSeconds(120))).getWritten().getMessage()).isEqualTo("third time lucky");
        refused(Code.NOT_FOUND, "version 4 (expected: 1 to 3, which are kept)", () -> get(GetConfigRequest.newBuilder().setVersion(4).build()));
        refused(Code.NOT_FOUND, "a version that was current at", () -> get(at(Duration.ofSeconds(-1))));
        refused(Code.INVALID_ARGUMENT, "at: stands beside version",
            () -> get(GetConfigRequest.newBuilder().setVersion(1).setAt(Timestamp.getDefaultInstance()).build()));
    }

    @Test
    void tellsFieldByFieldWhatDiffers() {
        DiffConfigResponse last = diff(0, 0);
        assertThat(last.getFromVersion()).isEqualTo(2);
        assertThat(last.getToVersion()).isEqualTo(3);
        assertThat(last.getChangesList()).extracting(c -> c.getAction() + " " + c.getName()).containsExactly("changed 10.0.0.7:9001");
        FieldChange weight = FieldChange.newBuilder().setPath("clusters.payments.endpoints.10.0.0.7:9001.weight").setBefore("2").setAfter("3").build();
        assertThat(last.getFieldsList()).containsExactly(weight);

        assertThat(diff(3, 1).getFieldsList()).containsExactly(weight.toBuilder().setBefore("3").setAfter("1").build());
        assertThat(diff(0, 1).getFromVersion()).as("before the first there was nothing").isZero();
        assertThat(diff(0, 1).getFieldsList()).singleElement().satisfies(f -> assertThat(f.getPath()).isEqualTo("clusters.payments"));
        assertThat(diff(3, 3).getFieldsList()).isEmpty();
        refused(Code.NOT_FOUND, "version 9", () -> diff(9, 0));
    }

    @Test
    void putsAnEarlierVersionBackAsANewOne() {
        WriteResponse dry = rollback(RollbackConfigRequest.newBuilder().setVersion(1).setDryRun(true).build());
        assertThat(dry.getVersion()).isEqualTo(4);
        assertThat(dry.getChangesList()).hasSize(1);
        assertThat(get(GetConfigRequest.getDefaultInstance()).getVersion()).isEqualTo(3);
        refused(Code.ABORTED, "expected_version: 2", () -> rollback(RollbackConfigRequest.newBuilder().setVersion(1).setExpectedVersion(2).build()));

        assertThat(rollback(RollbackConfigRequest.newBuilder().setVersion(1).setExpectedVersion(3).build()).getVersion()).isEqualTo(4);
        GetConfigResponse now = get(GetConfigRequest.getDefaultInstance());
        assertThat(now.getConfig()).isEqualTo(get(GetConfigRequest.newBuilder().setVersion(1).build()).getConfig());
        assertThat(now.getWritten().getMessage()).isEqualTo("roll back to version 1");
        assertThat(versions(ListVersionsRequest.getDefaultInstance())).extracting(ConfigVersion::getContentHash).satisfies(hashes -> {
            assertThat(hashes.get(0)).as("the same content").isEqualTo(hashes.get(3)).matches("[0-9a-f]{64}");
            assertThat(hashes.get(1)).isNotEqualTo(hashes.get(0));
        });
        refused(Code.INVALID_ARGUMENT, "version: 0", () -> rollback(RollbackConfigRequest.getDefaultInstance()));
        refused(Code.NOT_FOUND, "version 7", () -> rollback(RollbackConfigRequest.newBuilder().setVersion(7).build()));
    }

    @Test
    void takesNoMessageThatIsNotOneLine() {
        refused(Code.INVALID_ARGUMENT, "message: has a control character", () -> apply(weighted(4), "two\nlines"));
        refused(Code.INVALID_ARGUMENT, "message: 1001 characters", () -> apply(weighted(4), "x".repeat(1001)));
        assertThat(get(GetConfigRequest.getDefaultInstance()).getVersion()).isEqualTo(3);
    }

    @Test
    void getsWhatOneSidecarWasShownThen() {
        Config config = Config.newBuilder()
            .addListeners(Listener.newBuilder().setName("web").setListen("127.0.0.1:15001").setScope(Scope.newBuilder().setWorkload("web")).setCluster("payments"))
            .addClusters(weighted(4).getClusters(0)).addClusters(Cluster.newBuilder().setName("stock")).build();
        apply(config, "fourth");
        apply(config.toBuilder().setListeners(0, config.getListeners(0).toBuilder().setCluster("stock")).build(), "fifth");
        GetConfigRequest then = GetConfigRequest.newBuilder().setVersion(4).setNode("web-1").setWorkload("web").build();
        assertThat(get(then).getConfig().getClustersList()).extracting(Cluster::getName).containsExactly("payments");
        assertThat(get(then.toBuilder().setVersion(5).build()).getConfig().getClustersList()).extracting(Cluster::getName).containsExactly("stock");
        assertThat(get(then.toBuilder().setWorkload("other").build()).getConfig()).isEqualTo(Config.getDefaultInstance());
        refused(Code.NOT_FOUND, "web-1", () -> get(then.toBuilder().clearWorkload().build()));
        refused(Code.INVALID_ARGUMENT, "workload: stands without node", () -> get(then.toBuilder().clearNode().build()));
    }

    private GetConfigRequest at(Duration sinceStart) {
        return GetConfigRequest.newBuilder().setAt(Timestamp.newBuilder().setSeconds(began.plus(sinceStart).getEpochSecond())).build();
    }

    private static Config weighted(int weight) {
        return Config.newBuilder().addClusters(Cluster.newBuilder().setName("payments")
            .addEndpoints(Endpoint.newBuilder().setAddress("10.0.0.7:9001").setWeight(weight))).build();
    }

    private void apply(Config config, String message) {
        server.admin().applyConfig(ApplyConfigRequest.newBuilder().setConfig(config).setMessage(message).build());
        server.clock.advance(Duration.ofMinutes(1));
    }

    private List<ConfigVersion> versions(ListVersionsRequest request) {
        return server.admin().listVersions(request).getVersionsList();
    }

    private GetConfigResponse get(GetConfigRequest request) {
        return server.admin().getConfig(request);
    }

    private DiffConfigResponse diff(long from, long to) {
        return server.admin().diffConfig(DiffConfigRequest.newBuilder().setFromVersion(from).setToVersion(to).build());
    }

    private WriteResponse rollback(RollbackConfigRequest request) {
        return server.admin().rollbackConfig(request);
    }

    private static void refused(Code code, String told, ThrowingCallable call) {
        StatusRuntimeException thrown = catchThrowableOfType(StatusRuntimeException.class, call);
        assertThat(thrown).as("refusal").isNotNull();
        assertThat(thrown.getStatus().getCode()).as(thrown.getMessage()).isEqualTo(code);
        assertThat(thrown.getStatus().getDescription()).contains(told);
    }
}
