package mesh.control.admin;

import com.google.protobuf.Duration;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.function.Consumer;
import mesh.control.rollout.RolloutNews;
import mesh.v1.RolloutProgress;

/** A caller that is told of a rollout for as long as it listens. */
final class RolloutCall implements Consumer<RolloutNews> {

    private final ServerCallStreamObserver<RolloutProgress> out;

    RolloutCall(ServerCallStreamObserver<RolloutProgress> out) {
        this.out = out;
        // Who goes away is told no more; the rollout goes on.
        out.setOnCancelHandler(() -> { });
    }

    @Override
    public void accept(RolloutNews news) {
        if (out.isCancelled()) {
            return;
        }
        boolean over = !news.state().equals("running");
        // Who does not read misses some, and never the last.
        if (over || out.isReady()) {
            out.onNext(encode(news));
        }
        if (over) {
            out.onCompleted();
        }
    }

    private static RolloutProgress encode(RolloutNews news) {
        return RolloutProgress.newBuilder()
            .setState(news.state())
            .setWave(news.wave())
            .setWaves(news.waves())
            .setVersion(news.version())
            .setConcerned(news.concerned())
            .addAllGiven(news.given())
            .setApplied(news.applied())
            .setRequests(news.requests())
            .setFailures(news.failures())
            .setP99(Duration.newBuilder().setSeconds(news.p99().getSeconds()).setNanos(news.p99().getNano()))
            .setReason(news.reason())
            .setRollbackVersion(news.after())
            .build();
    }
}
