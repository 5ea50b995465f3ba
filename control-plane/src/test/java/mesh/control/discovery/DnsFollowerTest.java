package mesh.control.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import mesh.model.Address;
import mesh.model.BalancerKind;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.Endpoint;
import mesh.model.EndpointDiscovery.AddressFamily;
import mesh.model.EndpointDiscovery.Dns;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When it asks again, and what becomes of the endpoints, by what is answered. */
class DnsFollowerTest implements DnsSource {

    private static final Dns PAYMENTS = new Dns("payments.test", 9001, AddressFamily.V4_PREFERRED, Optional.empty());
    private static final Duration TTL = Duration.ofSeconds(30);
    private static final DnsAnswer FAILED = new DnsAnswer.Failed("SERVFAIL(2)");
    private static final DnsAnswer NONE = new DnsAnswer.None("no such name");
    private static final Endpoint ONE = new Endpoint(Address.parse("10.0.0.1:9001"), 1, Optional.empty());
    private static final Endpoint TWO = new Endpoint(Address.parse("10.0.0.2:9001"), 1, Optional.empty());

    @TempDir
    private Path dir;
    private FoundEndpoints mesh;
    private DnsFollower follower;
    private DnsAnswer answer = FAILED;
    private boolean leads = true;
    private int asked;

    private void follow(DnsAnswer first) throws Exception {
        answer = first;
        mesh = new FoundEndpoints(dir, new Cluster("payments", BalancerKind.ROUND_ROBIN, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT)
            .withDiscovery(Optional.of(PAYMENTS)));
        follower = new DnsFollower(this, mesh.sink, () -> leads, mesh.timer, mesh.metrics);
        follower.follow(Map.of("payments", PAYMENTS));
        settle();
    }

    @AfterEach
    void stop() throws Exception {
        mesh.close();
    }

    @Test
    void asksAgainWhenTheTimeToLiveIsOverAndNotBefore() throws Exception {
        follow(found(ONE));
        assertThat(mesh.endpoints()).containsExactly(ONE);
        answer = found(ONE, TWO);
        mesh.clock.advance(TTL.minus(EndpointSink.QUIET.multipliedBy(3)));
        assertThat(asked).isEqualTo(1);
        settle();
        assertThat(asked).isEqualTo(2);
        assertThat(mesh.endpoints()).containsExactly(ONE, TWO);
        long version = mesh.store.current().version();
        mesh.clock.advance(TTL);
        assertThat(asked).isEqualTo(3);
        assertThat(mesh.store.current().version()).as("the same is no version").isEqualTo(version);
    }

    @Test
    void aRecordOfNoTimeIsNotAskedForWithoutPause() throws Exception {
        follow(new DnsAnswer.Found(List.of(ONE), 0, Duration.ZERO));
        mesh.clock.advance(Duration.ofSeconds(10));
        assertThat(asked).isBetween(10, 12);
    }

    @Test
    void keepsWhatItHasWhileNameServersFailAndTriesLessAndLessOften() throws Exception {
        follow(found(ONE));
        answer = FAILED;
        mesh.clock.advance(Duration.ofHours(1));
        assertThat(mesh.endpoints()).containsExactly(ONE);
        assertThat(asked).isBetween(100, 140);
        assertThat(mesh.stale()).isEqualTo(1);
        answer = found(TWO);
        mesh.clock.advance(DnsFollower.LONGEST_RETRY);
        settle();
        assertThat(mesh.endpoints()).containsExactly(TWO);
        assertThat(mesh.stale()).isZero();
    }

    @Test
    void aNameThatIsGoneTakesItsEndpointsAlongWhenThatIsSaidAgain() throws Exception {
        follow(found(ONE));
        answer = NONE;
        mesh.clock.advance(TTL.plus(DnsFollower.PERIOD));
        assertThat(mesh.endpoints()).as("said twice").containsExactly(ONE);
        mesh.clock.advance(DnsFollower.PERIOD);
        settle();
        assertThat(mesh.endpoints()).isEmpty();
        answer = found(TWO);
        mesh.clock.advance(DnsFollower.LONGEST_RETRY);
        settle();
        assertThat(mesh.endpoints()).containsExactly(TWO);
    }

    @Test
    void aFailureInBetweenIsNoConfirmation() throws Exception {
        follow(found(ONE));
        for (int i = 0; i < 10; i++) {
            answer = i % 2 == 0 ? NONE : FAILED;
            mesh.clock.advance(i == 0 ? TTL : i % 2 == 0 ? DnsFollower.RETRY : DnsFollower.PERIOD);
        }
        assertThat(asked).isEqualTo(11);
        assertThat(mesh.endpoints()).containsExactly(ONE);
    }

    @Test
    void asksNothingWhileAnotherReplicaLeadsOrNobodyWantsToKnow() throws Exception {
        leads = false;
        follow(found(ONE));
        mesh.clock.advance(Duration.ofMinutes(1));
        assertThat(asked).isZero();
        leads = true;
        mesh.clock.advance(DnsFollower.PERIOD);
        settle();
        assertThat(mesh.endpoints()).containsExactly(ONE);
        follower.follow(Map.of());
        mesh.clock.advance(Duration.ofHours(1));
        assertThat(asked).isEqualTo(1);
        assertThat(mesh.clock.pendingTasks()).as("timers").isZero();
    }

    private void settle() {
        mesh.clock.advance(EndpointSink.QUIET.multipliedBy(2));
    }

    private static DnsAnswer found(Endpoint... endpoints) {
        return new DnsAnswer.Found(List.of(endpoints), 0, TTL);
    }

    @Override
    public CompletionStage<DnsAnswer> ask(Dns what) {
        asked++;
        return CompletableFuture.completedFuture(answer);
    }

    @Override
    public void close() {}
}
