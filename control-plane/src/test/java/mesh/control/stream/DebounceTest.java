package mesh.control.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import mesh.model.MeshSnapshot;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DebounceTest {

    private static final long QUIET = Debounce.QUIET.toNanos();
    private static final MeshSnapshot BASE = Meshes.from(MeshSnapshot.EMPTY, 1, m -> m.service("pay", "10.0.0.1:80", "10.0.0.2:80"));

    private final Debounce debounce = new Debounce(BASE);

    @BeforeEach
    void aBurstHasBegun() {
        MeshSnapshot first = BASE.withVersion(1);
        debounce.changed(first, -1);
        assertThat(debounce.take(-1)).as("after quiet it does not wait").isSameAs(first);
    }

    @Test
    void theFirstChangeAfterQuietDoesNotWaitAndTheNextDoes() {
        MeshSnapshot first = added(2);
        debounce.changed(first, QUIET - 1);
        assertThat(debounce.take(QUIET - 1)).isSameAs(first);
        MeshSnapshot second = first.withVersion(3);
        debounce.changed(second, 2 * QUIET - 2);
        assertThat(debounce.take(3 * QUIET - 3)).isNull();
        assertThat(debounce.take(3 * QUIET - 2)).isSameAs(second);
    }

    @Test
    void pushesOnceItHasBeenQuiet() {
        MeshSnapshot next = added(2);
        debounce.changed(next, 0);
        assertThat(debounce.take(QUIET - 1)).isNull();
        assertThat(debounce.take(QUIET)).isSameAs(next);
        assertThat(debounce.take(QUIET)).as("only once").isNull();
    }

    @Test
    void aFurtherChangeStartsTheQuietAgainAndOnlyTheLatestIsPushed() {
        debounce.changed(added(2), 0);
        MeshSnapshot later = added(3);
        debounce.changed(later, QUIET - 1);
        assertThat(debounce.take(QUIET)).isNull();
        assertThat(debounce.take(2 * QUIET - 1)).isSameAs(later);
    }

    @Test
    void aStormIsCutAtTheLongestWait() {
        long longest = Debounce.LONGEST.toNanos();
        MeshSnapshot last = BASE;
        for (long at = 0, version = 2; at < longest; at += QUIET / 2, version++) {
            assertThat(debounce.take(at)).isNull();
            last = last.withVersion(version);
            debounce.changed(last, at);
        }
        assertThat(debounce.take(longest - 1)).isNull();
        assertThat(debounce.take(longest)).isSameAs(last);
        debounce.changed(Meshes.from(last, 999, m -> m.cluster("pay", 3)), longest + 1);
        assertThat(debounce.delayNanos(longest + 1)).as("the next burst has its own limit").isEqualTo(QUIET);
    }

    @Test
    void anEndpointThatIsTakenAwayDoesNotWait() {
        debounce.changed(added(2), 0);
        MeshSnapshot fewer = Meshes.from(BASE, 3, m -> m.endpoints("pay", "10.0.0.2:80"));
        debounce.changed(fewer, 1);
        assertThat(debounce.take(1)).isSameAs(fewer);
    }

    @Test
    void aChangedWeightWaitsAndARemovedServiceDoesNot() {
        assertThat(Debounce.removesEndpoint(BASE, added(2))).isFalse();
        assertThat(Debounce.removesEndpoint(BASE, Meshes.from(BASE, 2, m -> m.cluster("pay", 3)))).isFalse();
        assertThat(Debounce.removesEndpoint(BASE, Meshes.from(BASE, 2, m -> m.without("pay")))).isTrue();
        assertThat(Duration.ofNanos(debounce.delayNanos(0))).isLessThanOrEqualTo(Duration.ZERO);
    }

    private static MeshSnapshot added(long version) {
        return Meshes.from(BASE, version, m -> m.service("s" + version, "10.0.1.1:80"));
    }
}
