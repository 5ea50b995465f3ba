package mesh.control.ca;

import io.grpc.stub.StreamObserver;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import mesh.model.SpiffeId;
import mesh.model.TrustBundle;

/** Every sidecar that follows the trust bundle, and which one it has acknowledged. Any thread. */
public final class BundleWatches {

    /** Who follows. */
    record Follower(String node, Optional<SpiffeId> id) {}

    private final Set<Watch> watches = ConcurrentHashMap.newKeySet();

    Watch begin(Optional<SpiffeId> id, StreamObserver<mesh.v1.TrustBundle> out) {
        Watch watch = new Watch(id, out);
        watches.add(watch);
        return watch;
    }

    /** Those who have not acknowledged every root of this bundle, by node. Who tells no name at all is a person who looks, and no sidecar. */
    List<Follower> lacking(TrustBundle bundle) {
        return watches.stream().filter(watch -> !watch.has(bundle)).map(Watch::follower)
            .filter(each -> each.id.isPresent() || !each.node.isEmpty())
            .sorted(Comparator.comparing(Follower::node)).toList();
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
        private TrustBundle acknowledged;

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
        synchronized void told(String name, long taken) {
            if (!name.isEmpty()) {
                node = name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME) : name;
            }
            if (taken == number && sent != null) {
                acknowledged = sent;
            }
        }

        private synchronized boolean has(TrustBundle bundle) {
            return acknowledged != null && acknowledged.authorities().containsAll(bundle.authorities());
        }

        private synchronized Follower follower() {
            return new Follower(node, id);
        }

        void ended() {
            watches.remove(this);
        }
    }
}
