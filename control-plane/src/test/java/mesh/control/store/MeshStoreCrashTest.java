package mesh.control.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import mesh.control.journal.CrashingFiles;
import mesh.model.Address;
import mesh.model.BalancerKind;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.Endpoint;
import mesh.model.EndpointSet;
import mesh.model.MeshSnapshot;
import org.junit.jupiter.api.Test;

/** The power goes at every single operation of the file layer, under many seeds; then what was acknowledged must be there. */
class MeshStoreCrashTest {

    private static final InstantSource CLOCK = InstantSource.fixed(Instant.EPOCH);
    /** So small that a few edits compact. */
    private static final long KEEP_BYTES = 300;

    @Test
    void keepsEveryAcknowledgedWriteWhereverItCrashes() throws IOException {
        int crashes = 0;
        for (int seed = 0; seed < 25; seed++) {
            for (int operation = 0; survives(seed, operation); operation++) {
                crashes++;
            }
        }
        assertThat(crashes).as("places where it crashed").isGreaterThan(25 * 30);
    }

    /** Twelve edits, among them refused ones, with a crash at an operation; false when they took fewer operations than that. */
    private static boolean survives(int seed, int operation) throws IOException {
        Random random = new Random(seed * 1000L + operation);
        CrashingFiles files = new CrashingFiles(random);
        files.crashAfter(operation);
        Expectation expected = new Expectation();
        run(files, random, expected);
        boolean crashed = files.hasCrashed();

        CrashingFiles after = files.restarted();
        MeshStore store = MeshStore.open(after, () -> Optional.empty(), CLOCK, KEEP_BYTES);
        expected.check(store.current(), "seed " + seed + ", crash at operation " + operation);
        assertThat(store.history().list(0, 1)).extracting(ConfigVersion::version)
            .isEqualTo(store.current().version() == 0 ? List.of() : List.of(store.current().version()));
        store.edit(0, with(new Random(7)), "test", "after recovery");
        MeshSnapshot last = store.current();
        store.close();
        store = MeshStore.open(after.restarted(), () -> Optional.empty(), CLOCK, KEEP_BYTES);
        assertThat(store.current()).as("write after recovery, seed %d, operation %d", seed, operation).isEqualTo(last);
        store.close();
        return crashed;
    }

    private static void run(CrashingFiles files, Random random, Expectation expected) throws IOException {
        MeshStore store;
        try {
            store = MeshStore.open(files, () -> Optional.empty(), CLOCK, KEEP_BYTES);
        } catch (CrashingFiles.Crash e) {
            return;
        }
        for (int i = 0; i < 12; i++) {
            if (random.nextInt(6) == 0) {
                files.spaceLeft(random.nextInt(200));
            } else if (random.nextInt(6) == 0) {
                files.failForces(1 + random.nextInt(2));
            }
            Change change = with(random);
            MeshSnapshot wanted = change.applyTo(store.current());
            expected.attempt(wanted.withVersion(store.current().version() + 1));
            try {
                store.edit(0, current -> wanted, "test", "edit " + i);
                expected.acknowledged(store.current());
            } catch (StoreUnavailableException e) {
                assertThat(store.current()).as("what is read after a refused write").isEqualTo(expected.acknowledged);
            } catch (IllegalStateException e) {
                assertThat(e.getCause()).isInstanceOf(CrashingFiles.Crash.class);
                break;
            }
            files.spaceLeft(Long.MAX_VALUE);
        }
        store.close();
    }

    private static Change with(Random random) {
        Endpoint endpoint = new Endpoint(new Address("10.0.0." + random.nextInt(250), 80), 1 + random.nextInt(1000), Optional.empty());
        Cluster cluster = new Cluster("c", BalancerKind.RANDOM, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT);
        return current -> new MeshSnapshot(0, Map.of(), Map.of(), Map.of("c", cluster),
            Map.of("c", new EndpointSet("c", List.of(endpoint))), Optional.empty());
    }

    /** What may be found: what was acknowledged last, or, whole, what was attempted after that. */
    private static final class Expectation {

        private MeshSnapshot acknowledged = MeshSnapshot.EMPTY;
        private final List<MeshSnapshot> attemptedSince = new ArrayList<>();

        void attempt(MeshSnapshot snapshot) {
            attemptedSince.add(snapshot);
        }

        void acknowledged(MeshSnapshot snapshot) {
            acknowledged = snapshot;
            attemptedSince.clear();
        }

        void check(MeshSnapshot found, String when) {
            List<MeshSnapshot> possible = new ArrayList<>(attemptedSince);
            possible.add(acknowledged);
            assertThat(found).as(when).isIn(possible);
        }
    }
}
