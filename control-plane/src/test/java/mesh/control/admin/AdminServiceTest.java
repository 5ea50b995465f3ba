package mesh.control.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.BadRequest;
import com.google.rpc.BadRequest.FieldViolation;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import mesh.v1.ApplyConfigRequest;
import mesh.v1.Change;
import mesh.v1.Cluster;
import mesh.v1.Config;
import mesh.v1.CreateJoinTokenRequest;
import mesh.v1.CreateJoinTokenResponse;
import mesh.v1.DeleteClusterRequest;
import mesh.v1.DeleteEndpointRequest;
import mesh.v1.DeleteListenerRequest;
import mesh.v1.DeleteRouteRequest;
import mesh.v1.Endpoint;
import mesh.v1.GetConfigRequest;
import mesh.v1.GetConfigResponse;
import mesh.v1.ListClustersRequest;
import mesh.v1.ListEndpointsRequest;
import mesh.v1.ListEndpointsResponse;
import mesh.v1.ListListenersRequest;
import mesh.v1.ListRoutesRequest;
import mesh.v1.ListSidecarsRequest;
import mesh.v1.Listener;
import mesh.v1.PutClusterRequest;
import mesh.v1.PutEndpointRequest;
import mesh.v1.PutListenerRequest;
import mesh.v1.PutRouteRequest;
import mesh.v1.SidecarStatus;
import mesh.v1.Warning;
import mesh.v1.WriteResponse;
import mesh.xds.ResourceType;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AdminServiceTest {

    private static final String CONFIG = """
        {
          "listeners": [
            {"name": "out", "listen": "127.0.0.1:15001", "protocol": "http", "route": "outbound"},
            {"name": "in", "listen": "127.0.0.1:15006", "protocol": "http", "cluster": "app"}
          ],
          "routes": [{"name": "outbound", "virtual_hosts": [{"name": "all", "hosts": ["*"], "routes": [
            {"name": "pay", "prefix": "/", "cluster": "payments", "timeout": "15s", "idle_timeout": "300s"}]}]}],
          "clusters": [
            {"name": "payments", "balancer": "round_robin", "endpoints": [{"address": "10.0.0.7:9001", "weight": 1}],
             "connect_timeout": "1s", "protocol": "downstream", "max_connections": 1024, "max_pending_requests": 1024, "max_requests": 1024},
            {"name": "app", "balancer": "round_robin",
             "connect_timeout": "1s", "protocol": "downstream", "max_connections": 1024, "max_pending_requests": 1024, "max_requests": 1024}
          ]
        }
        """;

    private AdminServer server;

    @BeforeEach
    void start() throws Exception {
        server = new AdminServer();
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    @Test
    void getsWhatWasApplied() {
        assertThat(apply(config(CONFIG))).isEqualTo(1);

        GetConfigResponse got = get();
        assertThat(got.getVersion()).isEqualTo(1);
        assertThat(got.getConfig()).isEqualTo(config(CONFIG));
    }

    @Test
    void listsEachKindOfWhatWasApplied() {
        apply(config(CONFIG));
        Config config = config(CONFIG);
        assertThat(server.admin().listListeners(ListListenersRequest.getDefaultInstance()).getListenersList()).isEqualTo(config.getListenersList());
        assertThat(server.admin().listRoutes(ListRoutesRequest.getDefaultInstance()).getRoutesList()).isEqualTo(config.getRoutesList());
        assertThat(server.admin().listClusters(ListClustersRequest.getDefaultInstance()).getClustersList()).isEqualTo(config.getClustersList());
        ListEndpointsResponse endpoints = server.admin().listEndpoints(ListEndpointsRequest.newBuilder().setCluster("payments").build());
        assertThat(endpoints.getVersion()).isEqualTo(1);
        assertThat(endpoints.getEndpointsList()).isEqualTo(config.getClusters(0).getEndpointsList());
        refused(Code.NOT_FOUND, () -> server.admin().listEndpoints(ListEndpointsRequest.newBuilder().setCluster("paymens").build()));
    }

    @Test
    void aDryRunIsRefusedForTheSameReasonsAndChangesNothing() {
        apply(config(CONFIG));
        WriteResponse dry = server.admin().applyConfig(
            ApplyConfigRequest.newBuilder().setConfig(Config.getDefaultInstance()).setDryRun(true).setExpectedVersion(1).build());
        assertThat(dry.getVersion()).isEqualTo(2);
        assertThat(told(dry.getChangesList())).containsExactly(
            "removed listener out", "removed listener in", "removed route outbound", "removed cluster payments", "removed cluster app");
        refused(Code.ABORTED, () -> server.admin().applyConfig(
            ApplyConfigRequest.newBuilder().setConfig(config(CONFIG)).setDryRun(true).setExpectedVersion(7).build()));
        refused(Code.INVALID_ARGUMENT, () -> server.admin().deleteCluster(DeleteClusterRequest.newBuilder().setName("app").setDryRun(true).build()));
        refused(Code.NOT_FOUND, () -> server.admin().deleteCluster(DeleteClusterRequest.newBuilder().setName("x").setDryRun(true).build()));
        assertThat(server.admin().putEndpoint(PutEndpointRequest.newBuilder().setCluster("payments")
            .setEndpoint(Endpoint.newBuilder().setAddress("10.0.0.9:9001")).setDryRun(true).build()).getVersion()).isEqualTo(2);

        assertThat(get().getVersion()).isEqualTo(1);
        assertThat(get().getConfig()).isEqualTo(config(CONFIG));
        assertThat(server.counted("applied")).isEqualTo(1);
        assertThat(server.counted("refused")).isZero();
    }

    @Test
    void aWriteTellsWhatItChanged() {
        apply(config(CONFIG));
        assertThat(told(server.admin().putListener(PutListenerRequest.newBuilder().setListener(
            Listener.newBuilder().setName("in").setListen("127.0.0.1:15006").setCluster("payments")).build()).getChangesList()))
            .as("only the route table that it brings along is another").containsExactly("changed listener in");
        assertThat(told(server.admin().putEndpoint(PutEndpointRequest.newBuilder().setCluster("payments")
            .setEndpoint(Endpoint.newBuilder().setAddress("10.0.0.7:9001").setWeight(2)).build()).getChangesList()))
            .containsExactly("changed endpoint 10.0.0.7:9001 of payments");
        assertThat(told(server.admin().putCluster(PutClusterRequest.newBuilder().setCluster(Cluster.newBuilder().setName("new")
            .addEndpoints(Endpoint.newBuilder().setAddress("10.0.0.8:1"))).build()).getChangesList())).containsExactly("added cluster new");
    }

    @Test
    void warnsOfARouteThatIsNeverReachedInTheTablesThatAWriteChanges() {
        apply(config(CONFIG));
        Config covered = config(CONFIG.replace("{\"name\": \"pay\", ", "{\"name\": \"all\", \"cluster\": \"app\"}, {\"name\": \"pay\", "));
        Warning warning = Warning.newBuilder().setField("route.all.pay")
            .setDescription("never matches: route \"all\" before it takes all of its requests").build();
        assertThat(server.admin().putRoute(PutRouteRequest.newBuilder().setRoute(covered.getRoutes(0)).setDryRun(true).build()).getWarningsList())
            .containsExactly(warning);
        WriteResponse written = server.admin().putRoute(PutRouteRequest.newBuilder().setRoute(covered.getRoutes(0)).build());
        assertThat(written.getWarningsList()).as("and it is in force").containsExactly(warning);
        assertThat(written.getVersion()).isEqualTo(2);
        assertThat(server.admin().applyConfig(ApplyConfigRequest.newBuilder().setConfig(covered).build()).getWarningsList())
            .as("which changes nothing").isEmpty();
        assertThat(server.admin().putEndpoint(PutEndpointRequest.newBuilder().setCluster("payments")
            .setEndpoint(Endpoint.newBuilder().setAddress("10.0.0.7:9001").setWeight(2)).build()).getWarningsList()).isEmpty();
    }

    private static List<String> told(List<Change> changes) {
        return changes.stream().map(change -> change.getAction() + " " + change.getKind() + " " + change.getName()
            + (change.getCluster().isEmpty() ? "" : " of " + change.getCluster())).toList();
    }

    @Test
    void keepsTheVersionWhenNothingChanges() {
        apply(config(CONFIG));

        assertThat(apply(config(CONFIG))).isEqualTo(1);
        assertThat(server.counted("applied")).isEqualTo(1);
        assertThat(server.counted("unchanged")).isEqualTo(1);
    }

    @Test
    void refusesABadConfigurationWithEveryProblemAndKeepsTheOldOne() {
        apply(config(CONFIG));
        Config bad = config("""
            {"listeners": [{"name": "a", "listen": "nowhere", "cluster": "c"}],
             "clusters": [{"name": "c", "balancer": "rr", "endpoints": [{"address": "h:1", "weight": 2000000}]}]}
            """);
        StatusRuntimeException refused = refused(Code.INVALID_ARGUMENT, () -> apply(bad));

        assertThat(refused.getStatus().getDescription()).startsWith("3 problems, nothing was changed:\n  config.listeners[0].listen: \"nowhere\"");
        assertThat(violations(refused)).extracting(FieldViolation::getField)
            .containsExactly("config.listeners[0].listen", "config.clusters[0].balancer", "config.clusters[0].endpoints[0].weight");
        assertThat(get().getConfig()).isEqualTo(config(CONFIG));
        assertThat(server.counted("refused")).isEqualTo(1);
    }

    @Test
    void tellsWhereAReferenceLeadsNowhere() {
        StatusRuntimeException refused = refused(Code.INVALID_ARGUMENT, () -> apply(config("""
            {"listeners": [{"name": "a", "listen": ":80", "route": "gone"}],
             "routes": [{"name": "r.1", "virtual_hosts": [{"name": "v.1", "hosts": ["*"], "routes": [{"name": "x.1", "cluster": "nope"}]}]}]}
            """)));

        assertThat(violations(refused)).extracting(FieldViolation::getField)
            .containsExactlyInAnyOrder("config.listeners[0].route", "config.routes[0].virtual_hosts[0].routes[0].cluster");
    }

    @Test
    void refusesAnEmptyRequestInsteadOfEmptyingTheMesh() {
        apply(config(CONFIG));
        refused(Code.INVALID_ARGUMENT, () -> server.admin().applyConfig(ApplyConfigRequest.getDefaultInstance()));

        assertThat(get().getVersion()).isEqualTo(1);
        assertThat(apply(Config.getDefaultInstance())).isEqualTo(2);
    }

    /** Clients take 8 KiB of trailers unless told otherwise; what is longer reaches them as a broken stream. */
    @Test
    void answersWithinWhatClientsTakeHoweverManyProblemsThereAre() {
        Config.Builder bad = Config.newBuilder();
        for (int i = 0; i < 5000; i++) {
            bad.addClusters(Cluster.newBuilder().setName("c" + i).setBalancer("rr"));
        }
        StatusRuntimeException refused = refused(Code.INVALID_ARGUMENT, () -> apply(bad.build()));

        assertThat(refused.getStatus().getDescription()).startsWith("5000 problems")
            .endsWith("and " + (5000 - violations(refused).size()) + " more");
        assertThat(violations(refused)).hasSizeGreaterThan(10);
    }

    @Test
    void abortsAChangeThatWasMadeFromAnotherVersion() {
        apply(config(CONFIG));
        apply(Config.getDefaultInstance());
        StatusRuntimeException refused = refused(Code.ABORTED, () -> server.admin().applyConfig(
            ApplyConfigRequest.newBuilder().setConfig(config(CONFIG)).setExpectedVersion(1).build()));

        assertThat(refused.getStatus().getDescription()).startsWith("expected_version: 1 (expected: 2");
        assertThat(server.admin().applyConfig(ApplyConfigRequest.newBuilder().setConfig(config(CONFIG)).setExpectedVersion(2).build()).getVersion())
            .isEqualTo(3);
    }

    @Test
    void addsChangesAndRemovesUpstreamsOfARunningCluster() {
        apply(config(CONFIG));
        Endpoint added = Endpoint.newBuilder().setAddress("10.0.0.8:9001").setWeight(2).setSpiffeId("spiffe://mesh.local/payments").build();
        putEndpoint(added);
        assertThat(endpoints()).extracting(Endpoint::getAddress).containsExactly("10.0.0.7:9001", "10.0.0.8:9001");
        assertThat(endpoints().get(1)).isEqualTo(added);

        putEndpoint(added.toBuilder().setWeight(5).build());
        assertThat(endpoints()).extracting(Endpoint::getWeight).containsExactly(1, 5);

        server.admin().deleteEndpoint(DeleteEndpointRequest.newBuilder().setCluster("payments").setAddress("10.0.0.7:9001").build());
        assertThat(endpoints()).extracting(Endpoint::getAddress).containsExactly("10.0.0.8:9001");
    }

    @Test
    void putsAndDeletesSingleParts() {
        apply(config(CONFIG));
        Config parts = config(CONFIG.replace("\"outbound\"", "\"second\"").replace("\"out\"", "\"more\"").replace("15001", "15002")
            .replace("\"payments\"", "\"other\""));
        server.admin().putCluster(PutClusterRequest.newBuilder().setCluster(parts.getClusters(0)).build());
        server.admin().putRoute(PutRouteRequest.newBuilder().setRoute(parts.getRoutes(0)).build());
        server.admin().putListener(PutListenerRequest.newBuilder().setListener(parts.getListeners(0)).build());
        assertThat(get().getConfig().getListenersList()).hasSize(3).contains(parts.getListeners(0));
        assertThat(get().getConfig().getRoutesList()).hasSize(2).contains(parts.getRoutes(0));
        assertThat(get().getConfig().getClustersList()).hasSize(3).contains(parts.getClusters(0));

        server.admin().deleteListener(DeleteListenerRequest.newBuilder().setName("more").build());
        server.admin().deleteRoute(DeleteRouteRequest.newBuilder().setName("second").build());
        server.admin().deleteCluster(DeleteClusterRequest.newBuilder().setName("other").build());
        assertThat(get().getConfig()).isEqualTo(config(CONFIG));
        assertThat(get().getVersion()).isEqualTo(7);
    }

    @Test
    void tellsProblemsOfAPartByThePathsOfTheRequest() {
        apply(config(CONFIG));
        StatusRuntimeException refused = refused(Code.INVALID_ARGUMENT, () -> server.admin().putListener(PutListenerRequest.newBuilder()
            .setListener(mesh.v1.Listener.newBuilder().setName("x").setListen(":1").setCluster("nope")).build()));

        assertThat(violations(refused)).singleElement().satisfies(v -> {
            assertThat(v.getField()).isEqualTo("listener.cluster");
            assertThat(v.getDescription()).isEqualTo("listener \"x\" names cluster \"nope\", which is not among clusters [app, payments]");
        });
    }

    @Test
    void doesNotDeleteWhatIsInUse() {
        apply(config(CONFIG));
        StatusRuntimeException refused = refused(Code.INVALID_ARGUMENT,
            () -> server.admin().deleteCluster(DeleteClusterRequest.newBuilder().setName("payments").build()));

        assertThat(refused.getStatus().getDescription()).contains("route \"pay\" names cluster \"payments\"");
        assertThat(get().getVersion()).isEqualTo(1);
    }

    @Test
    void doesNotFindWhatIsNotThere() {
        apply(config(CONFIG));
        var admin = server.admin();
        refused(Code.NOT_FOUND, () -> admin.deleteListener(DeleteListenerRequest.newBuilder().setName("x").build()));
        refused(Code.NOT_FOUND, () -> admin.deleteRoute(DeleteRouteRequest.newBuilder().setName("@in").build()));
        refused(Code.NOT_FOUND, () -> admin.deleteEndpoint(DeleteEndpointRequest.newBuilder().setCluster("payments").setAddress("h:1").build()));
        refused(Code.NOT_FOUND, () -> admin.putEndpoint(PutEndpointRequest.newBuilder().setCluster("x")
            .setEndpoint(Endpoint.newBuilder().setAddress("h:1")).build()));
        StatusRuntimeException refused = refused(Code.NOT_FOUND,
            () -> admin.deleteCluster(DeleteClusterRequest.newBuilder().setName("paymens").build()));

        assertThat(refused.getStatus().getDescription()).isEqualTo("cluster \"paymens\" (expected: one of [app, payments])");
    }

    @Test
    void refusesWritesWhenTheDiskIsFullAndGoesOnReading() {
        apply(config(CONFIG));
        server.files.spaceLeft(5);
        StatusRuntimeException refused = refused(Code.RESOURCE_EXHAUSTED, () -> apply(Config.getDefaultInstance()));
        assertThat(refused.getStatus().getDescription()).contains("No space left").contains("version 1 stays");
        assertThat(get().getConfig()).isEqualTo(config(CONFIG));
        assertThat(server.counted("failed")).isEqualTo(1);

        server.files.spaceLeft(Long.MAX_VALUE);
        assertThat(apply(Config.getDefaultInstance())).isEqualTo(2);
    }

    @Test
    void makesJoinTokens() {
        CreateJoinTokenResponse token = server.admin().createJoinToken(
            CreateJoinTokenRequest.newBuilder().setSpiffeId("spiffe://mesh.local/web").build());
        assertThat(token.getToken()).isNotEmpty();
        assertThat(token.getCaPin()).matches("sha256:[0-9a-f]{64}");
        assertThat(token.getExpiresAt().getSeconds()).isEqualTo(server.clock.instant().plusSeconds(600).getEpochSecond());

        refused(Code.INVALID_ARGUMENT, () -> server.admin().createJoinToken(CreateJoinTokenRequest.newBuilder().setSpiffeId("web").build()));
        refused(Code.INVALID_ARGUMENT, () -> server.admin().createJoinToken(
            CreateJoinTokenRequest.newBuilder().setSpiffeId("spiffe://elsewhere/web").build()));
    }

    @Test
    void listsASidecarHowFarItIsAndWhatItRejected() throws Exception {
        apply(config(CONFIG));
        Subscriber sidecar = new Subscriber();
        DeltaDiscoveryResponse first = sidecar.next();
        sidecar.send(answer(first).build());
        Awaitility.await().untilAsserted(() -> assertThat(listed().getAcknowledgedVersion()).isEqualTo(1));
        assertThat(listed().getNode()).isEqualTo("web-1");
        assertThat(listed().getConnected()).isTrue();

        putEndpoint(Endpoint.newBuilder().setAddress("10.0.0.9:9001").build());
        server.admin().deleteListener(DeleteListenerRequest.newBuilder().setName("out").build());
        DeltaDiscoveryRequest.Builder refusal = answer(sidecar.next());
        refusal.getErrorDetailBuilder().setMessage("port is taken");
        sidecar.send(refusal.build());
        Awaitility.await().untilAsserted(() -> assertThat(listed().getLastRejection().getMessage()).isEqualTo("port is taken"));
        assertThat(listed().getAcknowledgedVersion()).isLessThan(listed().getLastRejection().getVersion());

        sidecar.end();
        Awaitility.await().untilAsserted(() -> assertThat(listed().getConnected()).isFalse());
    }

    private SidecarStatus listed() {
        return server.admin().listSidecars(ListSidecarsRequest.getDefaultInstance()).getSidecars(0);
    }

    private static DeltaDiscoveryRequest.Builder answer(DeltaDiscoveryResponse response) {
        return DeltaDiscoveryRequest.newBuilder().setTypeUrl(response.getTypeUrl()).setResponseNonce(response.getNonce());
    }

    /** Subscribes to listeners as {@code web-1}. */
    private final class Subscriber implements StreamObserver<DeltaDiscoveryResponse> {

        private final BlockingQueue<DeltaDiscoveryResponse> responses = new LinkedBlockingQueue<>();
        private final StreamObserver<DeltaDiscoveryRequest> requests;

        Subscriber() {
            requests = AggregatedDiscoveryServiceGrpc.newStub(server.channel()).deltaAggregatedResources(this);
            send(DeltaDiscoveryRequest.newBuilder().setTypeUrl(ResourceType.LISTENER.typeUrl())
                .setNode(Node.newBuilder().setId("web-1").setCluster("web")).build());
        }

        void send(DeltaDiscoveryRequest request) {
            requests.onNext(request);
        }

        DeltaDiscoveryResponse next() throws InterruptedException {
            DeltaDiscoveryResponse response = responses.poll(20, TimeUnit.SECONDS);
            assertThat(response).as("a response").isNotNull();
            return response;
        }

        void end() {
            requests.onCompleted();
        }

        @Override
        public void onNext(DeltaDiscoveryResponse response) {
            responses.add(response);
        }

        @Override
        public void onError(Throwable cause) {
            // The test sees that nothing comes.
        }

        @Override
        public void onCompleted() {
            // Asked for.
        }
    }

    private long apply(Config config) {
        return server.admin().applyConfig(ApplyConfigRequest.newBuilder().setConfig(config).build()).getVersion();
    }

    private GetConfigResponse get() {
        return server.admin().getConfig(GetConfigRequest.getDefaultInstance());
    }

    private void putEndpoint(Endpoint endpoint) {
        server.admin().putEndpoint(PutEndpointRequest.newBuilder().setCluster("payments").setEndpoint(endpoint).build());
    }

    private List<Endpoint> endpoints() {
        return get().getConfig().getClusters(0).getEndpointsList();
    }

    private static Config config(String json) {
        Config.Builder config = Config.newBuilder();
        try {
            JsonFormat.parser().merge(json, (Message.Builder) config);
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
        return config.build();
    }

    private static StatusRuntimeException refused(Code code, ThrowingCallable call) {
        StatusRuntimeException thrown = catchThrowableOfType(StatusRuntimeException.class, call);
        assertThat(thrown).as("refusal").isNotNull();
        assertThat(thrown.getStatus().getCode()).as(thrown.getMessage()).isEqualTo(code);
        return thrown;
    }

    private static List<FieldViolation> violations(StatusRuntimeException refused) {
        try {
            return StatusProto.fromThrowable(refused).getDetails(0).unpack(BadRequest.class).getFieldViolationsList();
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }
}
