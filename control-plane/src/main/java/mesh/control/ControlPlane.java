package mesh.control;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import mesh.control.backup.Backup;
import mesh.control.backup.BackupService;
import mesh.control.ca.AuditLog;
import mesh.control.ca.Authorities;
import mesh.control.ca.Bans;
import mesh.control.ca.BundleWatches;
import mesh.control.ca.CaService;
import mesh.control.ca.CurrentTrust;
import mesh.control.ca.Issuing;
import mesh.control.ca.JoinTokens;
import mesh.control.ca.KubernetesTokens;
import mesh.control.ca.LiveLeaves;
import mesh.control.ca.Rotation;
import mesh.control.ca.SvidIssuer;
import mesh.control.ca.TokenReviewer;
import mesh.control.etcd.EtcdLogs;
import mesh.control.etcd.EtcdOptions;
import mesh.control.etcd.Replicas;
import mesh.control.journal.DirectoryFiles;
import mesh.control.journal.RecordLog;
import mesh.control.journal.RecordLogs;
import mesh.control.ports.AdminToken;
import mesh.control.ports.PeerInterceptor;
import mesh.control.ports.PeerTrust;
import mesh.control.ports.ServingCertificate;
import mesh.control.ports.ServingKey;
import mesh.control.replica.Board;
import mesh.control.rollout.Rollouts;
import mesh.control.store.MeshStore;
import mesh.control.stream.SidecarRegistry;
import mesh.model.SpiffeId;
import mesh.model.TrustBundle;
import mesh.pki.CertificateAuthority;
import mesh.pki.Svid;
import mesh.pki.SvidVerifier;
import mesh.time.Env;
import org.jboss.logging.Logger;

/** The control plane without its servers: everything that is kept in the data directory and who may reach it, built by constructors. */
public final class ControlPlane implements Closeable {

    private static final Logger LOG = Logger.getLogger(ControlPlane.class);
    private static final Duration LONGEST_STEP = Duration.ofMinutes(1);

    private final StartOptions options;
    /** In the order in which they were opened. */
    private final Deque<Closeable> open = new ArrayDeque<>();
    private Authorities authorities;
    private Bans bans;
    private CurrentTrust ca;
    private LiveLeaves leaves;
    private BundleWatches watches;
    private AuditLog audit;
    private MeshStore store;
    private SvidIssuer issuer;
    private ServingCertificate serving;
    private PeerTrust trust;
    private PeerInterceptor peers;
    private final Map<String, RecordLog> openLogs = new HashMap<>();
    private Optional<EtcdLogs> etcd = Optional.empty();
    private Optional<Replicas> replicas = Optional.empty();
    private Board board = Board.ALONE;

    private ControlPlane(StartOptions options) {
        this.options = options;
    }

    /**
     * Opens the data directory, or makes it.
     *
     * @throws IOException naming the file and what to do
     */
    public static ControlPlane open(StartOptions options, Env env) throws IOException {
        ControlPlane plane = new ControlPlane(options);
        try {
            plane.build(env);
            return plane;
        } catch (IOException | RuntimeException e) {
            plane.close();
            throw e;
        }
    }

    private void build(Env env) throws IOException {
        DirectoryFiles files = opened(DirectoryFiles.open(options.dataDir()));
        RecordLogs kept = options.etcd().isPresent() ? shared(options.etcd().get()) : files;
        RecordLogs logs = name -> {
            RecordLog log = kept.log(name);
            openLogs.put(name, log);
            return log;
        };
        authorities = opened(Authorities.open(logs, files, options.trustDomain(), options.ca().passphrase(), options.ca().brought(), env.clock()));
        bans = opened(Bans.open(logs));
        ca = new CurrentTrust(authorities, bans);
        leaves = new LiveLeaves(env.clock(), board);
        watches = new BundleWatches(env.clock(), board);
        audit = opened(AuditLog.open(logs, env.clock(), leaves::replay));
        JoinTokens tokens = opened(JoinTokens.open(logs, env.clock(), Env.SECURE_RANDOM));
        issuer = new SvidIssuer(ca, tokens, platform(), audit, leaves, options.svidTtl(), env.ticker());
        store = opened(MeshStore.open(logs, this::trusted, env.clock()));

        PeerInterceptor.ChainVerifier verifier = chain -> SvidVerifier.verify(chain, ca.bundle(), env.clock().instant());
        trust = new PeerTrust(ca::bundle, verifier);
        // Only here has the caller proven that it has the key.
        PeerInterceptor.ChainVerifier witness = chain -> {
            SpiffeId id = verifier.verify(chain);
            leaves.shown(chain.get(0).getSerialNumber());
            return id;
        };
        peers = new PeerInterceptor(options.calls(), AdminToken.open(files.path(), Env.SECURE_RANDOM), witness, env.clock());
        RootsFile roots = new RootsFile(files.path());
        roots.follow(store.current());
        store.onChange(roots::follow);
        serving = new ServingCertificate(() -> serving(ca.serving()), env.clock());
        Duration step = options.svidTtl().dividedBy(20);
        ScheduledExecutorService timer = timer();
        serving.keepYoung(timer, step.compareTo(LONGEST_STEP) < 0 ? step : LONGEST_STEP);
        // What other replicas do, as far as it is not a version of the configuration.
        bans.onOthers(peers::cut);
        authorities.onOthers(serving::renew);
        timer.scheduleWithFixedDelay(this::renewAuthority, 1, 1, TimeUnit.HOURS);
    }

    /** Each could: the log lets one in. One at a time saves the others the work. */
    private void renewAuthority() {
        if (leads()) {
            authorities.renewIfDue();
        }
    }

    /** A version that another replica wrote may be there because of what it has done to the authority before: that comes first. */
    private Optional<TrustBundle> trusted() {
        try {
            authorities.catchUp();
            bans.catchUp();
        } catch (IOException e) {
            LOG.errorf("whom other replicas trust cannot be read: %s", e.getMessage());
        }
        return Optional.of(ca.bundle());
    }

    private TokenReviewer platform() throws IOException {
        return options.kubernetes().isPresent() ? new KubernetesTokens(options.kubernetes().get(), options.trustDomain()) : TokenReviewer.NONE;
    }

    private RecordLogs shared(EtcdOptions cluster) throws IOException {
        etcd = Optional.of(opened(EtcdLogs.open(cluster)));
        replicas = Optional.of(opened(Replicas.join(etcd.get(), name())));
        board = opened(replicas.get().board());
        return etcd.get();
    }

    /** Of this replica, for people: where it runs, and what tells it from one that ran there before. */
    private static String name() {
        String host;
        try {
            host = InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            host = "replica";
        }
        return host.replaceAll("[^A-Za-z0-9.-]", "-") + "-" + UUID.randomUUID().toString().substring(0, 8);
    }

    /** The root goes along: a sidecar that has only its pin finds it there. */
    private Svid serving(CertificateAuthority authority) {
        return authority.issue(issuer.reserved(), options.svidTtl(), options.hosts()).withRoot(authority.root());
    }

    private ScheduledExecutorService timer() {
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "mesh-certificate");
            thread.setDaemon(true);
            return thread;
        });
        opened(timer::shutdownNow);
        return timer;
    }

    private <T extends Closeable> T opened(T part) {
        open.push(part);
        return part;
    }

    StartOptions options() {
        return options;
    }

    MeshStore store() {
        return store;
    }

    Issuing ca() {
        return ca;
    }

    BundleWatches watches() {
        return watches;
    }

    /**
     * What the API for the authority is made of.
     *
     * @param sidecars by whose subscriptions a rotation waits too
     */
    CaService.Parts caParts(SidecarRegistry sidecars, InstantSource clock) {
        Rotation.Publisher publisher = (author, message) -> store.trust(ca.bundle(), author, message);
        Rotation rotation = new Rotation(ca, authorities, leaves, watches, () -> unsettled(sidecars), serving::renew, publisher, audit);
        return new CaService.Parts(authorities, bans, audit, rotation, publisher, peers::cut, issuer.reserved(), clock);
    }

    /** Who is given what while a change is rolled out. One that was cut short is taken back here. */
    Rollouts rollouts(SidecarRegistry sidecars, InstantSource clock) throws IOException {
        return opened(Rollouts.open(store, sidecars, board, this::leads, clock));
    }

    /** The only one always does. */
    boolean leads() {
        return replicas.map(Replicas::leads).orElse(true);
    }

    /** Also those whose replica is gone, or cut off: they may still be there, and serve. */
    private List<Rotation.Blocker> unsettled(SidecarRegistry sidecars) {
        List<Rotation.Blocker> all = new ArrayList<>(behind(sidecars));
        sidecars.lost().forEach(each -> all.add(new Rotation.Blocker(each.node(), each.spiffeId(),
            "was connected to replica " + each.replica() + ", which is gone, and has not come to another one yet")));
        board.silence().ifPresent(why -> all.add(new Rotation.Blocker("", "", "what other replicas know cannot be read: " + why)));
        return all;
    }

    /** Also those that do not follow the bundle by itself, such as an Envoy. */
    private List<Rotation.Blocker> behind(SidecarRegistry sidecars) {
        long version = store.trustVersion();
        return sidecars.list().stream()
            .filter(each -> each.connected() && each.acknowledgedVersion() < version)
            .map(each -> new Rotation.Blocker(each.node(), each.spiffeId(), "has not acknowledged version " + version + " of the configuration"))
            .toList();
    }

    BackupService.Logs logs() {
        return new BackupService.Logs(Backup.LOGS.stream().map(openLogs::get).toList());
    }

    Board board() {
        return board;
    }

    Optional<EtcdLogs> etcd() {
        return etcd;
    }

    Optional<Replicas> replicas() {
        return replicas;
    }

    SvidIssuer issuer() {
        return issuer;
    }

    AuditLog audit() {
        return audit;
    }

    ServingKey servingKey() {
        return serving.key();
    }

    PeerTrust trust() {
        return trust;
    }

    PeerInterceptor peers() {
        return peers;
    }

    /** What was opened last goes first; the directory's lock last of all. */
    @Override
    public void close() throws IOException {
        IOException failed = null;
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (IOException e) {
                failed = e;
            }
        }
        if (failed != null) {
            throw failed;
        }
    }
}
