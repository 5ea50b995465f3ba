package mesh.control;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import mesh.control.ca.AuditLog;
import mesh.control.ca.Authorities;
import mesh.control.ca.JoinTokens;
import mesh.control.ca.SvidIssuer;
import mesh.control.journal.DirectoryFiles;
import mesh.control.ports.AdminToken;
import mesh.control.ports.PeerInterceptor;
import mesh.control.ports.PeerTrust;
import mesh.control.ports.ServingCertificate;
import mesh.control.ports.ServingKey;
import mesh.control.store.MeshStore;
import mesh.pki.CertificateAuthority;
import mesh.pki.Svid;
import mesh.pki.SvidVerifier;
import mesh.time.Env;

/** The control plane without its servers: everything that is kept in the data directory and who may reach it, built by constructors. */
public final class ControlPlane implements Closeable {

    private static final Duration LONGEST_STEP = Duration.ofMinutes(1);

    private final StartOptions options;
    /** In the order in which they were opened. */
    private final Deque<Closeable> open = new ArrayDeque<>();
    private Authorities ca;
    private AuditLog audit;
    private MeshStore store;
    private SvidIssuer issuer;
    private ServingCertificate serving;
    private PeerTrust trust;
    private PeerInterceptor peers;

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
        ca = opened(Authorities.open(files, options.trustDomain(), options.ca().passphrase(), options.ca().brought(), env.clock()));
        audit = opened(AuditLog.open(files, env.clock()));
        JoinTokens tokens = opened(JoinTokens.open(files, env.clock(), Env.SECURE_RANDOM));
        issuer = new SvidIssuer(ca, tokens, audit, options.svidTtl(), env.ticker());
        store = opened(MeshStore.open(files, Optional.of(ca.bundle()), env.clock()));

        PeerInterceptor.ChainVerifier verifier = chain -> SvidVerifier.verify(chain, ca.bundle(), env.clock().instant());
        trust = new PeerTrust(ca::bundle, verifier);
        peers = new PeerInterceptor(options.calls(), AdminToken.open(files.path(), Env.SECURE_RANDOM), verifier, env.clock());
        RootsFile roots = new RootsFile(files.path());
        roots.follow(store.current());
        store.onChange(roots::follow);
        serving = new ServingCertificate(() -> serving(ca.serving()), env.clock());
        Duration step = options.svidTtl().dividedBy(20);
        ScheduledExecutorService timer = timer();
        serving.keepYoung(timer, step.compareTo(LONGEST_STEP) < 0 ? step : LONGEST_STEP);
        timer.scheduleWithFixedDelay(ca::renewIfDue, 1, 1, TimeUnit.HOURS);
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

    Authorities ca() {
        return ca;
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
