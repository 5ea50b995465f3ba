package mesh.xds;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import io.envoyproxy.envoy.config.core.v3.Node;
import java.util.List;
import mesh.model.MeshSnapshot;
import org.junit.jupiter.api.Test;

class ClientKindTest {

    private static final MeshSnapshot RICH = Samples.rich();

    @Test
    void theUserAgentTellsThemApart() {
        assertThat(kind("mesh")).isEqualTo(ClientKind.SIDECAR);
        assertThat(kind("envoy")).isEqualTo(ClientKind.ENVOY);
        assertThat(kind("gRPC Go")).isEqualTo(ClientKind.GRPC);
        assertThat(kind("")).isEqualTo(ClientKind.ENVOY);
    }

    @Test
    void aSidecarIgnoresNothing() {
        for (ResourceType type : ResourceType.values()) {
            for (String name : type.names(RICH)) assertThat(ignored(ClientKind.SIDECAR, type, name)).isEmpty();
        }
    }

    @Test
    void anEnvoyIgnoresWhatStandsInTheMeshsOwnMetadata() {
        assertThat(ignored(ClientKind.ENVOY, ResourceType.CLUSTER, "secure")).contains("circuit_breaker").doesNotContain("lb_policy");
        assertThat(ignored(ClientKind.ENVOY, ResourceType.ROUTES, "shop")).containsExactly(
            "virtual_hosts.pay.routes.exact.hedge", "virtual_hosts.pay.routes.exact.max_body_bytes", "virtual_hosts.pay.routes.split.hedge");
    }

    @Test
    void aGrpcClientIgnoresWhatAProxyWouldDoForIt() {
        assertThat(ignored(ClientKind.GRPC, ResourceType.CLUSTER, "secure")).contains("circuit_breaker");
        assertThat(ignored(ClientKind.GRPC, ResourceType.CLUSTER, "chance")).contains("balancer");
        assertThat(ignored(ClientKind.GRPC, ResourceType.ROUTES, "plain")).as("a route that nobody wrote").isEmpty();
        List<Ignored> shop = ClientKind.GRPC.ignored(ResourceType.ROUTES, RICH, "shop", Any.getDefaultInstance());
        assertThat(shop).anySatisfy(each -> {
            assertThat(each.field()).endsWith(".routes.teapot");
            assertThat(each.effect()).startsWith("a call that matches fails");
        });
    }

    private static List<String> ignored(ClientKind kind, ResourceType type, String name) {
        Any body = kind == ClientKind.GRPC ? Any.getDefaultInstance() : type.encode(RICH, name).orElseThrow().body();
        return kind.ignored(type, RICH, name, body).stream().map(Ignored::field).toList();
    }

    private static ClientKind kind(String agent) {
        return ClientKind.of(Node.newBuilder().setUserAgentName(agent).build());
    }
}
