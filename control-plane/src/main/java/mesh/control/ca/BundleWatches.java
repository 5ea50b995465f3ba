package mesh.control.ca;

import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import mesh.control.replica.Board;
import mesh.model.SpiffeId;
import mesh.model.TrustBundle;

/**
 * Every sidecar that follows the trust bundle, and which one it has acknowledged. One whose stream has ended counts for a little longer: a new
 * bundle makes a sidecar move to a new connection, and in between nothing must seem to be waited for no more. Any thread.
 */
public final class BundleWatches {

    /** As long as a move may take. One that is gone for good is waited for no longer. */
    static final Duration MOVING = Duration.ofSeconds(10);

    /** Who follows. */
    record Follower(String node, Optional<SpiffeId> id) {}

    private final InstantSource clock;
    private final Set<Watch> watches = ConcurrentHashMap.newKeySet();
    private final Map<Follower, Ended> moving = new ConcurrentHashMap<>();
    private final SharedFollowers shared;

    private record Ended(Watch watch, Instant at) {}

    /** Of the only control plane that there is. */
    public BundleWatches(InstantSource clock) {
        this(clock, Board.ALONE);
    }

    /** @param board where other replicas tell of theirs */
    public BundleWatches(InstantSource clock, Board board) {
        this.clock = clock;
        this.shared = new SharedFollowers(board, clock, this::own);
    }

    Watch begin(Optional<SpiffeId> id, StreamObserver<mesh.v1.TrustBundle> out) {
        Watch watch = new Watch(id, out);
        watches.add(watch);
        shared.changed(watch.follower());
        return watch;
    }

    /** What is known of each follower, here. */
    private List<SharedFollowers.State> own() {
        forgetThoseGone();
        return Stream.concat(watches.stream().map(watch -> watch.state(false)),
            moving.values().stream().map(ended -> ended.watch.state(true))).toList();
    }

    /**
     * Those who have not acknowledged every root of this bundle, at any replica, by node. Who tells no name at all is a person who looks, and no
     * sidecar.
     */
    List<Follower> lacking(TrustBundle bundle) {
        Set<String> roots = SharedFollowers.roots(bundle);
        return shared.with(own()).filter(each -> !each.roots().containsAll(roots)).map(SharedFollowers.State::follower)
            .distinct().filter(each -> each.id.isPresent() || !each.node.isEmpty())
            .sorted(Comparator.comparing(Follower::node)).toList();
    }

    private void forgetThoseGone() {
        Instant oldest = clock.instant().minus(MOVING);
        moving.values().removeIf(each -> !each.at.isAfter(oldest));
    }

    /** One stream: sends a bundle when it differs from the one sent before; a stream takes one message at a time. */
    final class Watch {

        private static final int LONGEST_NAME = 255;

        private final Optional<SpiffeId> id;
        private final StreamObserver<mesh.v1.TrustBundle> out;
        private String node = "";
        private long version;
        private long number;
        private TrustBundle sent;
        /** Digests of the roots of the bundle that is in force there. */
        private Set<String> acknowledged = Set.of();

        private Watch(Optional<SpiffeId> id, StreamObserver<mesh.v1.TrustBundle> out) {
            this.id = id;
            this.out = out;
        }

        /** From several threads, so an older one may come late. */
        synchronized void offer(long newVersion, TrustBundle bundle) {
            if (newVersion < version) {
                return;
            }
            version = newVersion;
            if (!bundle.equals(sent)) {
                sent = bundle;
                number++;
                out.onNext(BundleMessages.encode(bundle).setNumber(number).build());
            }
        }

        /**
         * What the sidecar says.
         *
         * @param name  its own
         * @param taken number of the bundle that is in force there; another than the last one says nothing of that one
         */
        void told(String name, long taken) {
            Follower before = follower();
            take(name, taken);
            moving.remove(follower());
            shared.changed(before);
            shared.changed(follower());
        }

        private synchronized void take(String name, long taken) {
            if (!name.isEmpty()) {
                node = name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME) : name;
            }
            if (taken == number && sent != null) {
                acknowledged = SharedFollowers.roots(sent);
            }
        }

        private synchronized SharedFollowers.State state(boolean moves) {
            return new SharedFollowers.State(follower(), acknowledged, moves);
        }

        private synchronized Follower follower() {
            return new Follower(node, id);
        }

        void ended() {
            forgetThoseGone();
            moving.put(follower(), new Ended(this, clock.instant()));
            watches.remove(this);
            shared.changed(follower());
        }
    }
}
