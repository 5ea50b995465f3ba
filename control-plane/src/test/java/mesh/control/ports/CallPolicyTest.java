package mesh.control.ports;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import java.util.Optional;
import java.util.Set;
import mesh.model.SpiffeId;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CallPolicyTest {

    private static final SpiffeId ADMIN = SpiffeId.parse("spiffe://mesh.local/admin");

    private final CallPolicy policy = new CallPolicy(Set.of(ADMIN));

    @ParameterizedTest
    @CsvSource({
        "loopback, mesh.v1.AdminService/ApplyConfig, OK",
        "loopback, envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources, OK",
        "stranger, mesh.v1.IdentityService/SignCertificate, OK",
        "stranger, grpc.health.v1.Health/Check, OK",
        "stranger, mesh.v1.IdentityService/WatchTrustBundle, UNAUTHENTICATED",
        "stranger, mesh.v1.AdminService/GetConfig, UNAUTHENTICATED",
        "stranger, grpc.reflection.v1.ServerReflection/ServerReflectionInfo, UNAUTHENTICATED",
        "stranger, envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources, UNAUTHENTICATED",
        "workload, envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources, OK",
        "workload, mesh.v1.IdentityService/WatchTrustBundle, OK",
        "workload, mesh.v1.AdminService/GetConfig, PERMISSION_DENIED",
        "workload, mesh.v1.AdminService/CreateJoinToken, PERMISSION_DENIED",
        "admin, mesh.v1.AdminService/CreateJoinToken, OK",
    })
    void decidesByWhoCallsWhat(String who, String method, Status.Code expected) {
        Status.Code decided = policy.refusal(peer(who), method).map(Status::getCode).orElse(Status.Code.OK);

        assertThat(decided).isEqualTo(expected);
    }

    private static Peer peer(String who) {
        return switch (who) {
            case "loopback" -> new Peer(Optional.empty(), true);
            case "stranger" -> new Peer(Optional.empty(), false);
            case "workload" -> new Peer(Optional.of(SpiffeId.parse("spiffe://mesh.local/web")), false);
            default -> new Peer(Optional.of(ADMIN), false);
        };
    }
}
