package mesh.control.ca;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import mesh.control.ca.BundleWatches.Follower;
import mesh.control.replica.Board;
import mesh.digest.Sha256;
import mesh.model.SpiffeId;
import mesh.model.TrustBundle;
import mesh.replica.v1.Followers;
import org.jboss.logging.Logger;

/**
 * Who follows the trust bundle at other replicas, and this one's for them, in {@value #GROUPS} groups. One that moves from one replica to another
 * is waited for in between, as one that moves to a new stream here. Any thread.
 */
final class SharedFollowers implements Board.Listener {

    private static final Logger LOG = Logger.getLogger(SharedFollowers.class);
    private static final String TOPIC = "trust";
    private static final int GROUPS = 64;

    /**
     * One follower at one replica.
     *
     * @param roots  digests of those that it has acknowledged
     * @param moving whether its stream has ended, lately
     */
    record State(Follower follower, Set<String> roots, boolean moving) {}

    /** @param since when it was first heard that it moves, by the clock here; empty while it does not */
    private record Heard(State state, Optional<Instant> since) {}

    private final Board board;
    private final InstantSource clock;
    private final Supplier<List<State>> own;
    /** By replica, then by group. */
    private final Map<String, Map<String, List<Heard>>> others = new HashMap<>();
    /** Of replicas that are gone. */
    private final Map<Follower, Heard> left = new HashMap<>();

    SharedFollowers(Board board, InstantSource clock, Supplier<List<State>> own) {
        this.board = board;
        this.clock = clock;
        this.own = own;
        board.hear(TOPIC, this);
    }

    static Set<String> roots(TrustBundle bundle) {
        return bundle.authorities().stream().map(SharedFollowers::digest).collect(Collectors.toUnmodifiableSet());
    }

    private static String digest(X509Certificate root) {
        try {
            return Sha256.hex(root.getEncoded());
        } catch (CertificateEncodingException e) {
            throw new IllegalArgumentException("a root without an encoding: " + root.getSubjectX500Principal(), e);
        }
    }

    /** One of this replica's is another now. */
    void changed(Follower follower) {
        int group = group(follower);
        board.say(TOPIC, Integer.toString(group), () -> encoded(group));
    }

    private static int group(Follower follower) {
        return Math.floorMod(follower.hashCode(), GROUPS);
    }

    private byte[] encoded(int group) {
        Followers.Builder m = Followers.newBuilder();
        own.get().stream().filter(each -> group(each.follower) == group).forEach(each -> {
            mesh.replica.v1.Follower.Builder one = m.addFollowersBuilder().setNode(each.follower.node())
                .setSpiffeId(each.follower.id().map(SpiffeId::toString).orElse("")).setMoving(each.moving);
            each.roots.forEach(root -> one.addRoots(ByteString.fromHex(root)));
        });
        return m.build().toByteArray();
    }

    @Override
    public synchronized void said(String replica, String group, byte[] what) {
        Map<String, List<Heard>> groups = others.computeIfAbsent(replica, none -> new HashMap<>());
        try {
            List<Heard> before = groups.getOrDefault(group, List.of());
            groups.put(group, Followers.parseFrom(what).getFollowersList().stream().map(each -> heard(decode(each), before)).toList());
        } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
            LOG.errorf("what replica %s tells of those who follow its trust bundle cannot be read: %s", replica, e.getMessage());
        }
    }

    private static State decode(mesh.replica.v1.Follower m) {
        return new State(new Follower(m.getNode(), m.getSpiffeId().isEmpty() ? Optional.empty() : Optional.of(SpiffeId.parse(m.getSpiffeId()))),
            m.getRootsList().stream().map(root -> HexFormat.of().formatHex(root.toByteArray())).collect(Collectors.toSet()), m.getMoving());
    }

    /** It moves since it was first said so, however often that is repeated. */
    private Heard heard(State state, List<Heard> before) {
        Optional<Instant> since = !state.moving ? Optional.empty()
            : before.stream().filter(each -> each.state.equals(state)).findFirst().map(Heard::since).orElse(Optional.of(clock.instant()));
        return new Heard(state, since);
    }

    @Override
    public synchronized void gone(String replica) {
        Optional<Instant> now = Optional.of(clock.instant());
        Map<String, List<Heard>> groups = others.remove(replica);
        if (groups != null) {
            groups.values().forEach(group -> group.stream().filter(each -> !each.state.moving)
                .forEach(each -> left.put(each.state.follower, new Heard(each.state, now))));
        }
    }

    /** Ours and all others that count: whoever moves counts for a while, unless it has arrived somewhere. */
    synchronized Stream<State> with(List<State> ours) {
        Instant oldest = clock.instant().minus(BundleWatches.MOVING);
        left.values().removeIf(each -> !each.since.orElseThrow().isAfter(oldest));
        List<Heard> theirs = Stream.concat(left.values().stream(), others.values().stream().flatMap(groups -> groups.values().stream())
            .flatMap(List::stream)).filter(each -> each.since.isEmpty() || each.since.get().isAfter(oldest)).toList();
        Set<Follower> there = new HashSet<>();
        ours.stream().filter(each -> !each.moving).forEach(each -> there.add(each.follower));
        theirs.stream().filter(each -> each.since.isEmpty()).forEach(each -> there.add(each.state.follower));
        return Stream.concat(ours.stream().filter(each -> !each.moving || !there.contains(each.follower)),
            theirs.stream().filter(each -> each.since.isEmpty() || !there.contains(each.state.follower)).map(Heard::state));
    }
}
