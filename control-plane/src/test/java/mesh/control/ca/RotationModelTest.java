package mesh.control.ca;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import mesh.control.ca.Authorities.Phase;
import mesh.control.journal.CrashingFiles;
import mesh.control.ports.Peer;
import mesh.model.SpiffeId;
import mesh.model.TrustBundle;
import mesh.model.TrustDomain;
import mesh.pki.SvidVerifier;
import mesh.time.FakeClock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random operators, sidecars that come, go, lose acknowledgements and renew or not, restarts and crashes at any write, from a seed. What must
 * hold at every moment: a sidecar that is connected trusts whom the others got their certificates from, and knows the control plane.
 */
class RotationModelTest {

    private static final TrustDomain DOMAIN = new TrustDomain("mesh.local");
    private static final int STEPS = 1000;
    private static final Duration LIFE = Duration.ofHours(24);

    private final FakeClock clock = new FakeClock();

    /** What a sidecar has on its disk, and the stream it has open. */
    private final class Sidecar implements StreamObserver<mesh.v1.TrustBundle> {

        private final SpiffeId id;
        private final String node;
        private TrustBundle trusted;
        private SvidIssuer.Issued certificate;
        private X509Certificate root;
        private BundleWatches.Watch watch;
        private long arrived;
        private TrustBundle told;

        Sidecar(int number) {
            this.id = new SpiffeId(DOMAIN, "/w" + number);
            this.node = "node-" + number;
        }

        /** It was told; whether its acknowledgement arrives is up to chance. */
        @Override
        public void onNext(mesh.v1.TrustBundle message) {
            arrived = message.getNumber();
            told = trust.bundle();
        }

        @Override
        public void onError(Throwable broken) {}

        @Override
        public void onCompleted() {}

        void enrol() {
            Peer stranger = new Peer(Optional.empty(), Optional.empty(), false, false);
            certificate = issuer.issue(workload.csr(), issuer.createToken(id, "test").text(), stranger, LIFE);
            root = trust.issuer().root();
            trusted = certificate.trust();
        }

        boolean isGood() {
            return certificate != null && clock.instant().isBefore(certificate.notAfter());
        }

        void connect() {
            assertThat(trusted.authorities()).as("%s knows the control plane", node).contains(trust.serving().root());
            assertThat(SvidVerifier.verify(certificate.chain(), trust.bundle(), clock.instant())).isEqualTo(id);
            watch = watches.begin(Optional.of(id), this);
            leaves.shown(certificate.chain().get(0).getSerialNumber());
            watch.told(node, 0);
            watch.offer(0, trust.bundle());
        }

        void acknowledge(boolean lost) {
            if (told != null) {
                trusted = told;
                if (!lost) {
                    watch.told(node, arrived);
                }
            }
        }

        void disconnect() {
            watch.ended();
            watch = null;
            told = null;
        }

        /** The new one is on its disk when it is shown. A lost answer leaves the old one. */
        void renew(boolean lost) {
            SvidIssuer.Issued next = issuer.issue(workload.csr(), "",
                new Peer(Optional.of(id), Optional.of(certificate.chain().get(0).getSerialNumber()), false, false), LIFE);
            if (!lost) {
                certificate = next;
                root = trust.issuer().root();
                leaves.shown(next.chain().get(0).getSerialNumber());
            }
        }
    }

    private final Workload workload = new Workload();
    private CrashingFiles files;
    private Authorities authorities;
    private CurrentTrust trust;
    private LiveLeaves leaves;
    private BundleWatches watches;
    private AuditLog audit;
    private SvidIssuer issuer;
    private Rotation rotation;
    private final List<Sidecar> sidecars = new ArrayList<>();
    private TrustBundle published;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void everybodyTrustsEverybodyAtEveryMoment(long seed) throws IOException {
        Random random = new Random(seed);
        files = new CrashingFiles(random);
        start();
        for (int i = 0; i < 5; i++) {
            sidecars.add(new Sidecar(i));
        }
        Set<String> roots = new HashSet<>();
        for (int step = 0; step < STEPS; step++) {
            try {
                if (random.nextInt(40) == 0) {
                    files.crashAfter(random.nextInt(12));
                }
                move(random);
            } catch (CrashingFiles.Crash power) {
                files = files.restarted();
                start();
            }
            check();
            roots.add(authorities.issuer().pin());
        }
        assertThat(roots).as("it got somewhere").hasSizeGreaterThan(2);
    }

    private void start() throws IOException {
        sidecars.stream().filter(each -> each.watch != null).forEach(Sidecar::disconnect);
        authorities = Authorities.open(files, DOMAIN, Optional.empty(), Optional.empty(), clock);
        trust = new CurrentTrust(authorities, Bans.open(files));
        leaves = new LiveLeaves(clock);
        audit = AuditLog.open(files, clock, leaves::replay);
        issuer = new SvidIssuer(trust, JoinTokens.open(files, clock, new Random(9)), TokenReviewer.NONE, audit, leaves, LIFE, clock);
        watches = new BundleWatches(clock);
        published = trust.bundle();
        rotation = new Rotation(trust, authorities, leaves, watches, List::of, () -> {}, (author, message) -> publish(), audit);
    }

    private void publish() {
        published = trust.bundle();
        sidecars.stream().filter(each -> each.watch != null).forEach(each -> each.watch.offer(0, published));
    }

    private void move(Random random) throws IOException {
        Sidecar one = sidecars.get(random.nextInt(sidecars.size()));
        switch (random.nextInt(12)) {
            case 0, 1, 2 -> operate(random);
            case 3 -> clock.advance(Duration.ofMinutes(random.nextInt(1, 300)));
            case 4 -> {
                if (one.watch != null) {
                    one.disconnect();
                }
            }
            case 5 -> {
                if (random.nextInt(10) == 0) {
                    files = files.restarted();
                    start();
                }
            }
            case 6, 7, 8 -> arrive(one);
            case 9, 10 -> {
                if (one.watch != null) {
                    one.acknowledge(random.nextInt(3) == 0);
                }
            }
            default -> {
                if (one.watch != null && one.isGood()) {
                    one.renew(random.nextInt(4) == 0);
                }
            }
        }
        // A connection ends with the certificate it was made with.
        sidecars.stream().filter(each -> each.watch != null && !each.isGood()).forEach(Sidecar::disconnect);
    }

    private void arrive(Sidecar one) {
        if (one.watch != null) {
            return;
        }
        if (!one.isGood()) {
            one.enrol();
        }
        one.connect();
    }

    /** In any order; what is refused must have changed nothing. */
    private void operate(Random random) throws IOException {
        Authorities.State before = authorities.state();
        List<Rotation.Blocker> blockers = rotation.blockers();
        try {
            switch (random.nextInt(7)) {
                case 0, 1 -> rotation.distribute("test");
                case 2, 3 -> rotation.issue("test");
                case 4, 5 -> rotation.retire("test");
                default -> {
                    if (random.nextInt(4) == 0) {
                        rotation.abort("test");
                    }
                }
            }
        } catch (Rotation.BlockedException e) {
            assertThat(authorities.state()).isEqualTo(before);
            if (e.getMessage().contains("blocked by")) {
                assertThat(blockers).isNotEmpty();
            }
        }
    }

    private void check() {
        assertThat(authorities.state().held()).hasSize(authorities.state().phase() == Phase.STABLE ? 1 : 2);
        List<Sidecar> connected = sidecars.stream().filter(each -> each.watch != null && each.told != null && each.isGood()).toList();
        for (Sidecar one : connected) {
            assertBelieved(one, trust.bundle(), "the control plane");
            for (Sidecar other : connected) {
                // Whoever has acknowledged what it was told; the others have been told on connecting, and take it over as it arrives.
                if (other.trusted.authorities().containsAll(other.told.authorities())) {
                    assertBelieved(one, other.trusted, other.node);
                }
            }
        }
    }

    private void assertBelieved(Sidecar whose, TrustBundle bundle, String by) {
        assertThat(bundle.authorities()).as("%s is believed by %s", whose.node, by).contains(whose.root);
    }
}
