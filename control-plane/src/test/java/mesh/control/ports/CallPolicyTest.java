package mesh.control.ports;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import java.math.BigInteger;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import mesh.model.SpiffeId;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CallPolicyTest {

    private static final SpiffeId ADMIN = SpiffeId.parse("spiffe://mesh.local/admin");
    private static final SpiffeId READER = SpiffeId.parse("spiffe://mesh.local/dashboard");
    private static final Map<String, String> SHORT = Map.of(
        "xds", "envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources",
        "status", "envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus");

    @ParameterizedTest
    @CsvSource({
        "loopback, mesh.v1.AdminService/GetConfig, OK",
        "loopback, mesh.v1.AdminService/ListSidecars, OK",
        "loopback, mesh.v1.AdminService/WatchConfig, OK",
        "loopback, mesh.v1.AdminService/DiffConfig, OK",
        "loopback, mesh.v1.AdminService/ApplyConfig, PERMISSION_DENIED",
        "loopback, mesh.v1.AdminService/RollbackConfig, PERMISSION_DENIED",
        "loopback, mesh.v1.AdminService/CreateJoinToken, PERMISSION_DENIED",
        "loopback, mesh.v1.NewService/RotateEverything, PERMISSION_DENIED",
        "loopback, xds, OK",
        "loopback, grpc.reflection.v1.ServerReflection/ServerReflectionInfo, OK",
        "dev, mesh.v1.AdminService/ApplyConfig, OK",
        "dev, mesh.v1.AdminService/CreateJoinToken, OK",
        "stranger, mesh.v1.IdentityService/SignCertificate, OK",
        "stranger, grpc.health.v1.Health/Check, OK",
        "stranger, mesh.v1.IdentityService/WatchTrustBundle, UNAUTHENTICATED",
        "stranger, mesh.v1.AdminService/GetConfig, UNAUTHENTICATED",
        "stranger, grpc.reflection.v1.ServerReflection/ServerReflectionInfo, UNAUTHENTICATED",
        "stranger, xds, UNAUTHENTICATED",
        "workload, xds, OK",
        "workload, mesh.v1.IdentityService/WatchTrustBundle, OK",
        "workload, mesh.v1.LifecycleService/Drain, OK",
        "stranger, mesh.v1.LifecycleService/Drain, UNAUTHENTICATED",
        "token, mesh.v1.LifecycleService/Drain, PERMISSION_DENIED",
        "workload, mesh.v1.AdminService/GetConfig, PERMISSION_DENIED",
        "workload, mesh.v1.AdminService/CreateJoinToken, PERMISSION_DENIED",
        "reader, mesh.v1.AdminService/GetConfig, OK",
        "reader, mesh.v1.AdminService/DeleteCluster, PERMISSION_DENIED",
        "reader, xds, OK",
        "loopback, status, OK",
        "stranger, status, UNAUTHENTICATED",
        "workload, status, PERMISSION_DENIED",
        "reader, status, OK",
        "token, status, OK",
        "admin, mesh.v1.AdminService/GetConfig, OK",
        "admin, mesh.v1.AdminService/CreateJoinToken, OK",
        "token, mesh.v1.AdminService/ApplyConfig, OK",
        "token, grpc.reflection.v1.ServerReflection/ServerReflectionInfo, OK",
        "token, xds, PERMISSION_DENIED",
        "loopback token, mesh.v1.AdminService/ApplyConfig, OK",
        "loopback token, xds, OK",
    })
    void decidesByWhoCallsWhat(String who, String method, Status.Code expected) {
        CallPolicy policy = new CallPolicy(Set.of(ADMIN), Set.of(READER), who.equals("dev"));
        Status.Code decided = policy.refusal(peer(who), SHORT.getOrDefault(method, method)).map(Status::getCode).orElse(Status.Code.OK);

        assertThat(decided).isEqualTo(expected);
    }

    private static Peer peer(String who) {
        return switch (who) {
            case "loopback", "dev" -> new Peer(Optional.empty(), Optional.empty(), true, false);
            case "loopback token" -> new Peer(Optional.empty(), Optional.empty(), true, true);
            case "token" -> new Peer(Optional.empty(), Optional.empty(), false, true);
            case "stranger" -> new Peer(Optional.empty(), Optional.empty(), false, false);
            case "workload" -> new Peer(Optional.of(SpiffeId.parse("spiffe://mesh.local/web")), Optional.of(BigInteger.ONE), false, false);
            case "reader" -> new Peer(Optional.of(READER), Optional.of(BigInteger.ONE), false, false);
            default -> new Peer(Optional.of(ADMIN), Optional.of(BigInteger.ONE), false, false);
        };
    }
}
