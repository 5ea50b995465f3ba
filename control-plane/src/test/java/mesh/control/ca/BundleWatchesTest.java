package mesh.control.ca;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mesh.control.replica.LocalBoards;
import mesh.model.SpiffeId;
import mesh.model.TrustBundle;
import mesh.model.TrustDomain;
import mesh.pki.CertificateAuthority;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;

class BundleWatchesTest {

    private static final TrustDomain DOMAIN = new TrustDomain("mesh.local");
    private static final Optional<SpiffeId> WEB = Optional.of(new SpiffeId(DOMAIN, "/web"));

    private final FakeClock clock = new FakeClock();
    private final BundleWatches watches = new BundleWatches(clock);
    private final CertificateAuthority old = CertificateAuthority.create(DOMAIN, clock);
    private final CertificateAuthority next = CertificateAuthority.create(DOMAIN, clock);
    private final TrustBundle both = new TrustBundle(DOMAIN, List.of(old.root(), next.root()));
    private final List<mesh.v1.TrustBundle> sent = new ArrayList<>();

    @Test
    void oneIsBehindUntilItHasAcknowledgedTheLastOne() {
        BundleWatches.Watch web = watches.begin(WEB, sink());
        web.told("web-1", 0);
        web.offer(1, old.bundle());
        web.offer(2, both);
        web.told("web-1", 1);
        assertThat(watches.lacking(both)).as("an old acknowledgement").containsExactly(new BundleWatches.Follower("web-1", WEB));
        web.told("web-1", 2);
        assertThat(watches.lacking(both)).isEmpty();
    }

    @Test
    void oneThatMovesToANewStreamIsWaitedForAllTheTime() {
        BundleWatches.Watch web = watches.begin(WEB, sink());
        web.told("web-1", 0);
        web.offer(1, both);
        web.ended();
        assertThat(watches.lacking(both)).as("in between").hasSize(1);
        BundleWatches.Watch again = watches.begin(WEB, sink());
        again.told("web-1", 0);
        again.offer(1, both);
        assertThat(watches.lacking(both)).hasSize(1);
        again.told("web-1", 1);
        assertThat(watches.lacking(both)).isEmpty();
    }

    @Test
    void oneThatIsGoneForGoodIsNotWaitedFor() {
        BundleWatches.Watch web = watches.begin(WEB, sink());
        web.told("web-1", 0);
        web.offer(1, both);
        web.ended();
        clock.advance(BundleWatches.MOVING.minusNanos(1));
        assertThat(watches.lacking(both)).hasSize(1);
        clock.advance(Duration.ofNanos(1));
        assertThat(watches.lacking(both)).isEmpty();
    }

    @Test
    void oneOfAnotherReplicaIsWaitedForUntilItHasAcknowledged() {
        LocalBoards boards = new LocalBoards();
        BundleWatches here = new BundleWatches(clock, boards.join("a"));
        BundleWatches there = new BundleWatches(clock, boards.join("b"));
        BundleWatches.Watch web = there.begin(WEB, sink());
        web.told("web-1", 0);
        web.offer(1, both);
        assertThat(here.lacking(both)).containsExactly(new BundleWatches.Follower("web-1", WEB));
        web.told("web-1", 1);
        assertThat(here.lacking(both)).isEmpty();
        assertThat(here.lacking(CertificateAuthority.create(DOMAIN, clock).bundle())).as("another bundle").hasSize(1);
    }

    @Test
    void oneThatMovesToAnotherReplicaIsWaitedForAllTheTime() {
        LocalBoards boards = new LocalBoards();
        BundleWatches here = new BundleWatches(clock, boards.join("a"));
        BundleWatches there = new BundleWatches(clock, boards.join("b"));
        BundleWatches.Watch web = there.begin(WEB, sink());
        web.told("web-1", 0);
        web.offer(1, both);
        web.ended();
        clock.advance(BundleWatches.MOVING.minusNanos(1));
        assertThat(here.lacking(both)).as("in between").hasSize(1);
        BundleWatches.Watch again = here.begin(WEB, sink());
        again.told("web-1", 0);
        again.offer(1, both);
        again.told("web-1", 1);
        assertThat(here.lacking(both)).as("it has arrived, and the old stream says nothing").isEmpty();
    }

    @Test
    void oneOfAReplicaThatDiesIsWaitedForAsOneThatMoves() {
        LocalBoards boards = new LocalBoards();
        BundleWatches here = new BundleWatches(clock, boards.join("a"));
        BundleWatches.Watch web = new BundleWatches(clock, boards.join("b")).begin(WEB, sink());
        web.told("web-1", 0);
        boards.leave("b");
        clock.advance(BundleWatches.MOVING.minusNanos(1));
        assertThat(here.lacking(both)).hasSize(1);
        clock.advance(Duration.ofNanos(1));
        assertThat(here.lacking(both)).isEmpty();
    }

    @Test
    void aBundleThatComesLateIsNotSentAfterANewerOne() {
        BundleWatches.Watch web = watches.begin(WEB, sink());
        web.offer(2, both);
        web.offer(1, old.bundle());
        web.offer(3, both);
        assertThat(sent).as("the newer one, once").singleElement().satisfies(each -> assertThat(each.getCertificatesCount()).isEqualTo(2));
    }

    @Test
    void whoOnlyLooksBlocksNothing() {
        watches.begin(Optional.empty(), sink()).offer(1, both);
        assertThat(watches.lacking(both)).isEmpty();
    }

    private StreamObserver<mesh.v1.TrustBundle> sink() {
        return new StreamObserver<>() {
            @Override
            public void onNext(mesh.v1.TrustBundle bundle) {
                sent.add(bundle);
            }

            @Override
            public void onError(Throwable broken) {}

            @Override
            public void onCompleted() {}
        };
    }
}
