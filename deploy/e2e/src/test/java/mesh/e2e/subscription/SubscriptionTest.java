package mesh.e2e.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import mesh.control.store.NodeScope;
import mesh.control.stream.ControlPlaneSide;
import mesh.model.ApplyResult;
import mesh.model.EndpointSet;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.model.Problem;
import mesh.model.Scope;
import mesh.proxy.discovery.SidecarSide;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Both ends of the subscription, one mesh that changes at random, and a network that the test plays: messages go in order but at any time,
 * streams break anywhere, the control plane restarts, sidecars refuse. A failure names its seed, and the same seed fails again.
 */
class SubscriptionTest {

    private static final int SEEDS = Integer.getInteger("mesh.seeds", 100);
    private static final int STEPS = 400;

    /** A line for each version is too much here. Held, or the level would be forgotten with the logger. */
    private static final Logger QUIET = Logger.getLogger("mesh.proxy.discovery");

    static {
        QUIET.setLevel(Level.OFF);
    }

    /** What may go wrong in a run. */
    private enum Fault {
        /** Streams and whole control planes end at any moment. */
        BREAKS,
        /** A sidecar cannot apply what it is sent. */
        REFUSES,
        /** A sidecar cannot read a resource. */
        CORRUPTS,
        /** The control plane sends a version although the last one is not answered, as it does when its patience with a sidecar ends. */
        OVERTAKES;

        /** Whether a version that is shown may differ from the control plane's; it is closed all the same. */
        boolean mixes() {
            return this == CORRUPTS || this == OVERTAKES;
        }
    }

    static Stream<Set<Fault>> weathers() {
        return IntStream.range(0, 1 << Fault.values().length).mapToObj(bits -> Arrays.stream(Fault.values())
            .filter(fault -> (bits & 1 << fault.ordinal()) != 0)
            .collect(Collectors.toCollection(() -> EnumSet.noneOf(Fault.class))));
    }

    @ParameterizedTest
    @MethodSource("weathers")
    void sidecarsShowOnlyWholeVersionsAndEndWithTheLast(Set<Fault> weather) {
        for (int seed = 0; seed < SEEDS; seed++) {
            new Run(seed, weather).play();
        }
    }

    private static final class Run {

        private final Set<Fault> weather;
        private final Random random;
        private final String at;
        private final RandomMesh mesh;
        private final Map<Long, MeshSnapshot> versions = new HashMap<>();
        private final List<Sidecar> sidecars = new ArrayList<>();
        private ControlPlaneSide.Shared shared = new ControlPlaneSide.Shared();

        Run(int seed, Set<Fault> weather) {
            this.weather = weather;
            this.random = new Random(seed);
            this.at = weather + ", seed " + seed;
            this.mesh = new RandomMesh(random);
            versions.put(0L, mesh.current());
            for (String workload : List.of("one", "one", "two")) {
                sidecars.add(new Sidecar(workload, workload + "-" + sidecars.size()));
            }
        }

        void play() {
            for (int step = 0; step < STEPS; step++) {
                if (random.nextInt(12) == 0) {
                    edit(mesh::edit);
                }
                if (weather.contains(Fault.BREAKS) && random.nextInt(150) == 0) {
                    shared = new ControlPlaneSide.Shared();
                    sidecars.forEach(Sidecar::connect);
                }
                sidecars.get(random.nextInt(sidecars.size())).step();
            }
            sidecars.forEach(Sidecar::clearUp);
            edit(mesh::editForAll);
            sidecars.forEach(Sidecar::settle);
        }

        private void edit(Runnable change) {
            change.run();
            versions.put(mesh.current().version(), mesh.current());
        }

        private final class Sidecar {

            private final String workload;
            private final String node;
            private final SidecarSide side = new SidecarSide(this::apply);
            private final Deque<DeltaDiscoveryRequest> up = new ArrayDeque<>();
            private final Deque<DeltaDiscoveryResponse> down = new ArrayDeque<>();
            private ControlPlaneSide stream;
            private boolean fair;
            private boolean corrupted;

            Sidecar(String workload, String node) {
                this.workload = workload;
                this.node = node;
                connect();
            }

            void connect() {
                up.clear();
                down.clear();
                stream = new ControlPlaneSide(view(mesh.current()), shared);
                up.addAll(side.open(node));
            }

            void step() {
                switch (random.nextInt(8)) {
                    case 0, 1, 2 -> deliverUp();
                    case 3, 4, 5 -> deliverDown();
                    case 6 -> push();
                    default -> {
                        if (weather.contains(Fault.BREAKS) && random.nextInt(8) == 0) {
                            connect();
                        }
                    }
                }
            }

            private void deliverUp() {
                if (!up.isEmpty()) {
                    down.addAll(stream.receive(up.poll()));
                }
            }

            private void deliverDown() {
                if (!down.isEmpty()) {
                    up.addAll(side.receive(corrupt(down.poll())));
                }
            }

            private void push() {
                if (stream.answered() || weather.contains(Fault.OVERTAKES) && random.nextInt(4) == 0) {
                    down.addAll(stream.push(view(mesh.current())));
                }
            }

            private DeltaDiscoveryResponse corrupt(DeltaDiscoveryResponse response) {
                if (!weather.contains(Fault.CORRUPTS) || fair || response.getResourcesCount() == 0 || random.nextInt(10) != 0) {
                    return response;
                }
                corrupted = true;
                DeltaDiscoveryResponse.Builder broken = response.toBuilder();
                broken.getResourcesBuilder(random.nextInt(response.getResourcesCount())).getResourceBuilder().setTypeUrl("type.googleapis.com/x");
                return broken.build();
            }

            private ApplyResult apply(MeshSnapshot snapshot) {
                assertThat(snapshot.problems()).as(at).isEmpty();
                MeshSnapshot expected = view(versions.get(snapshot.version()));
                if (weather.stream().noneMatch(Fault::mixes)) {
                    // A cluster that goes is taken away after what refers to it, so for a moment it is more than the version has.
                    assertThat(plain(snapshot).listeners()).as("%s, %s, version %d", at, node, snapshot.version()).isEqualTo(plain(expected).listeners());
                    assertThat(snapshot.routeTables()).as(at).isEqualTo(expected.routeTables());
                    assertThat(snapshot.clusters()).as(at).containsAllEntriesOf(expected.clusters());
                    assertThat(plain(snapshot).endpoints()).as(at).containsAllEntriesOf(plain(expected).endpoints());
                }
                boolean refuses = weather.contains(Fault.REFUSES) && !fair && random.nextInt(4) == 0;
                return refuses
                    ? new ApplyResult.Rejected(List.of(new Problem("listeners.x", "cannot bind")))
                    : new ApplyResult.Applied(snapshot.version());
            }

            /** From here on nothing goes wrong any more. */
            void clearUp() {
                fair = true;
                if (corrupted) {
                    connect();
                    corrupted = false;
                }
            }

            void settle() {
                for (int idle = 0; idle < 2; idle++) {
                    while (!up.isEmpty() || !down.isEmpty()) {
                        deliverUp();
                        deliverDown();
                    }
                    down.addAll(stream.push(view(mesh.current())));
                }
                assertThat(up).as(at).isEmpty();
                assertThat(plain(side.published())).as("%s, %s", at, node).isEqualTo(plain(view(mesh.current())));
                assertThat(stream.acknowledgedVersion()).as("%s, %s", at, node).isEqualTo(mesh.current().version());
                assertThat(stream.refused()).as("%s, %s", at, node).isFalse();
            }

            private MeshSnapshot view(MeshSnapshot whole) {
                return NodeScope.view(whole, workload, node);
            }
        }
    }

    /** Without what a sidecar is not told, because it has no use for it: scopes, the trust bundle of a mesh without TLS, empty sets. */
    private static MeshSnapshot plain(MeshSnapshot mesh) {
        Map<String, Listener> listeners = new LinkedHashMap<>();
        mesh.listeners().forEach((name, l) -> listeners.put(name, new Listener(name, l.bind(), Scope.ALL, l.traffic(), l.tls())));
        Map<String, EndpointSet> endpoints = new LinkedHashMap<>();
        mesh.clusters().keySet().forEach(name -> endpoints.put(name, new EndpointSet(name, mesh.endpointsOf(name))));
        boolean tls = mesh.listeners().values().stream().anyMatch(l -> l.tls().isPresent())
            || mesh.clusters().values().stream().anyMatch(c -> c.tls().isPresent())
            || mesh.endpoints().values().stream().anyMatch(set -> set.endpoints().stream().anyMatch(e -> e.spiffeId().isPresent()));
        return new MeshSnapshot(mesh.version(), listeners, mesh.routeTables(), mesh.clusters(), endpoints,
            tls ? mesh.trust() : Optional.empty());
    }
}
