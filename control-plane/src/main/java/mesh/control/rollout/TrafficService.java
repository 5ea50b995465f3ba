package mesh.control.rollout;

import com.google.protobuf.Duration;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.quarkus.grpc.GrpcService;
import mesh.control.messages.Values;
import mesh.control.stream.PeerSource;
import mesh.control.stream.SidecarRegistry;
import mesh.model.SpiffeId;
import mesh.v1.ReportTrafficResponse;
import mesh.v1.TrafficReport;
import mesh.v1.TrafficServiceGrpc.TrafficServiceImplBase;

/** {@code mesh.v1.TrafficService}: what sidecars have seen. Wanted often while a rollout is on, and otherwise seldom. */
@GrpcService
public final class TrafficService extends TrafficServiceImplBase {

    private static final Duration OFTEN = Duration.newBuilder().setSeconds(1).build();
    private static final Duration SELDOM = Duration.newBuilder().setSeconds(5).build();

    private final Rollouts rollouts;
    private final SidecarRegistry sidecars;
    private final PeerSource peers;

    public TrafficService(Rollouts rollouts, SidecarRegistry sidecars, PeerSource peers) {
        this.rollouts = rollouts;
        this.sidecars = sidecars;
        this.peers = peers;
    }

    @Override
    public void reportTraffic(TrafficReport report, StreamObserver<ReportTrafficResponse> out) {
        boolean on = rollouts.running().isPresent();
        String id = peers.current().map(SpiffeId::toString).orElse("");
        if (report.hasAt()) {
            sidecars.clock(report.getNode(), id, Values.instant(report.getAt()));
        }
        if (on) {
            // Nobody stops a rollout by what he says of others.
            if (sidecars.list().stream().noneMatch(each -> each.node().equals(report.getNode()) && each.spiffeId().equals(id))) {
                out.onError(Status.PERMISSION_DENIED.withDescription("node: \"" + report.getNode() + "\" (expected: one that is subscribed as "
                    + (id.isEmpty() ? "nobody" : id) + ")").asRuntimeException());
                return;
            }
            rollouts.report(report);
        }
        out.onNext(ReportTrafficResponse.newBuilder().setNext(on ? OFTEN : SELDOM).build());
        out.onCompleted();
    }
}
