package mesh.control.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.rpc.BadRequest;
import com.google.rpc.BadRequest.FieldViolation;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import mesh.v1.ApplyConfigRequest;
import mesh.v1.Cluster;
import mesh.v1.Config;
import mesh.v1.Endpoint;
import mesh.v1.Listener;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each code by a configuration that really is refused with it: a message that is worded anew shall not change the code. */
class ProblemCodeTest {

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
    void whatIsMissing() throws Exception {
        assertThat(refused(ApplyConfigRequest.getDefaultInstance())).isEqualTo("config MISSING");
        assertThat(refused(cluster(""))).isEqualTo("config.clusters[0].name MISSING");
    }

    @Test
    void whatIsNamedAndNotThere() throws Exception {
        assertThat(refused(Config.newBuilder().addListeners(listener("in", 1)))).isEqualTo("config.listeners[0].cluster UNKNOWN_REFERENCE");
    }

    @Test
    void whatStandsTwice() throws Exception {
        assertThat(refused(cluster("pay").addClusters(Cluster.newBuilder().setName("pay")))).isEqualTo("config.clusters[1].name DUPLICATE");
    }

    @Test
    void whatDoesNotGoTogether() throws Exception {
        assertThat(refused(cluster("pay").addListeners(listener("in", 1)).addListeners(listener("out", 1)))).isEqualTo("config.listeners[1].listen CONFLICT");
    }

    @Test
    void whatIsTooLarge() throws Exception {
        Config.Builder config = cluster("pay");
        config.getClustersBuilder(0).addEndpoints(Endpoint.newBuilder().setAddress("10.0.0.1:80").setWeight(-1));
        assertThat(refused(config)).isEqualTo("config.clusters[0].endpoints[0].weight OUT_OF_RANGE");
    }

    @Test
    void whatIsNotExpected() throws Exception {
        Config.Builder config = cluster("pay");
        config.getClustersBuilder(0).setBalancer("rr");
        assertThat(refused(config)).isEqualTo("config.clusters[0].balancer INVALID_VALUE");
    }

    private static Config.Builder cluster(String name) {
        return Config.newBuilder().addClusters(Cluster.newBuilder().setName(name));
    }

    private static Listener listener(String name, int port) {
        return Listener.newBuilder().setName(name).setListen("127.0.0.1:" + port).setProtocol("tcp").setCluster("pay").build();
    }

    private String refused(Config.Builder config) throws Exception {
        return refused(ApplyConfigRequest.newBuilder().setConfig(config).build());
    }

    /** Field and code of the one violation. */
    private String refused(ApplyConfigRequest request) throws Exception {
        StatusRuntimeException thrown = catchThrowableOfType(StatusRuntimeException.class, () -> server.admin().applyConfig(request));
        FieldViolation only = StatusProto.fromThrowable(thrown).getDetails(0).unpack(BadRequest.class).getFieldViolations(0);
        assertThat(only.getDescription()).isNotEmpty();
        return only.getField() + " " + only.getReason();
    }
}
