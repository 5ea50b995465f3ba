package mesh.control.ca;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import mesh.control.journal.CorruptFileException;
import mesh.control.journal.FileLayer;
import mesh.control.journal.RecordLog;
import mesh.control.journal.RecordLogs;
import mesh.model.TrustBundle;
import mesh.model.TrustDomain;
import mesh.pki.CertificateAuthority;
import mesh.pki.KeyPem;
import mesh.pki.Passphrase;
import mesh.pki.PemFiles;
import org.jboss.logging.Logger;

/**
 * The roots of this control plane with their keys, and how far the rotation from one to the next is. All of it is one record, replaced as
 * a whole, so that a crash leaves the step before or the step after.
 *
 * <p>Keys are encrypted where there is a passphrase. Any thread reads; one at a time changes.
 */
public final class Authorities implements Issuing, Closeable {

    private static final Logger LOG = Logger.getLogger(Authorities.class);
    private static final String NAME = "authority";
    /** Of the versions before there was an intermediate. */
    private static final String OLD_CERTIFICATE = CertificateAuthority.CERTIFICATE, OLD_KEY = CertificateAuthority.KEY;

    /** How far a rotation is. */
    public enum Phase {
        /** One root, and no rotation. */
        STABLE,
        /** The next root is trusted beside the one that signs. */
        DISTRIBUTING,
        /** The next root signs; the one before is still trusted. */
        RETIRING;

        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * What is kept.
     *
     * @param held the one that signs first; then, while a rotation is on, the next or the one before
     */
    record State(Phase phase, List<HeldAuthority> held) {

        State {
            held = List.copyOf(held);
        }

        HeldAuthority active() {
            return held.get(0);
        }

        private List<String> pins() {
            return held.stream().map(each -> each.issuer().pin()).toList();
        }

        /** The other one of a rotation. */
        HeldAuthority other() {
            return held.get(1);
        }
    }

    /** Where an older version's files may lie. */
    private final FileLayer files;
    private final RecordLog log;
    private final TrustDomain trustDomain;
    private final Optional<Passphrase> passphrase;
    private final InstantSource clock;
    private volatile State state;
    /** Brought by the user: what the next rotation rotates to, unless it is in use. */
    private Optional<CertificateAuthority> candidate = Optional.empty();
    private volatile Runnable follower = () -> {};

    private Authorities(FileLayer files, RecordLog log, TrustDomain trustDomain, Optional<Passphrase> passphrase, InstantSource clock) {
        this.files = files;
        this.log = log;
        this.trustDomain = trustDomain;
        this.passphrase = passphrase;
        this.clock = clock;
    }

    /**
     * What is kept in a directory; else, in this order, the authority of an older version that lies there, the one that was brought, or a
     * new one.
     *
     * @throws IOException naming what cannot be used and why
     */
    public static Authorities open(FileLayer files, TrustDomain trustDomain, Optional<Passphrase> passphrase, Optional<BroughtAuthority> brought,
        InstantSource clock) throws IOException {
        return open(files, files, trustDomain, passphrase, brought, clock);
    }

    /** As above. @param logs where it is kept; with other replicas' */
    public static Authorities open(RecordLogs logs, FileLayer files, TrustDomain trustDomain, Optional<Passphrase> passphrase,
        Optional<BroughtAuthority> brought, InstantSource clock) throws IOException {
        Authorities all = new Authorities(files, logs.log(NAME), trustDomain, passphrase, clock);
        try {
            all.begin(brought);
            all.log.onNews(all::newsCame);
            return all;
        } catch (IOException | RuntimeException e) {
            all.close();
            throw e;
        }
    }

    private void begin(Optional<BroughtAuthority> brought) throws IOException {
        Optional<CertificateAuthority> given = Optional.empty();
        if (brought.isPresent()) {
            given = Optional.of(brought.get().read(trustDomain, passphrase, clock));
        }
        Optional<CertificateAuthority> first = given;
        List<byte[]> records = log.takeNew();
        if (!records.isEmpty()) {
            // Earlier ones may be of keys that are gone.
            take(records.get(records.size() - 1));
        }
        log.decide(this::take, () -> {
            if (state == null) {
                keep(new State(Phase.STABLE, List.of(first(first))));
            }
            return state;
        });
        candidate = given;
        given.filter(this::isUnused).ifPresent(authority -> LOG.warnf(
            "the authority that was brought (%s) is not the one in use (%s), which stays until a rotation (mesh ca rotate) changes to it",
            authority.pin(), state.active().issuer().pin()));
        protect();
        renewIfDue();
        CertificateAuthority issuer = state.active().issuer();
        if (!clock.instant().isBefore(issuer.end())) {
            throw new IOException(log.describe() + ": authority " + state.active().number() + " expired at " + issuer.end()
                + " (expected: one that is good; move the file away to start with a new one, which every sidecar then needs a token for)");
        }
    }

    private HeldAuthority first(Optional<CertificateAuthority> given) throws IOException {
        if (files.exists(OLD_CERTIFICATE)) {
            LOG.infof("%s: adopted; its root signs identities itself until the next rotation", files.describe(OLD_CERTIFICATE));
            return adopted();
        }
        return given.isPresent() ? HeldAuthority.of(1, given.get(), passphrase) : HeldAuthority.create(1, trustDomain, passphrase, clock);
    }

    private void take(byte[] record) throws IOException {
        state = read(record);
        follower.run();
    }

    private void newsCame() {
        try {
            catchUp();
        } catch (IOException e) {
            LOG.errorf("%s: what another replica did cannot be read: %s", log.describe(), e.getMessage());
        }
    }

    /** Learns of what other replicas have done. */
    public synchronized void catchUp() throws IOException {
        for (byte[] record : log.takeNew()) {
            take(record);
        }
    }

    /** Has somebody told whenever another replica has changed them. */
    public void onOthers(Runnable told) {
        follower = told;
    }

    private State read(byte[] record) throws IOException {
        try {
            JsonObject json = new JsonObject(new String(record, StandardCharsets.UTF_8));
            List<HeldAuthority> held = new ArrayList<>();
            for (Object each : json.getJsonArray("authorities")) {
                held.add(HeldAuthority.of((JsonObject) each, trustDomain, passphrase, clock));
            }
            return new State(Phase.valueOf(json.getString("phase").toUpperCase(Locale.ROOT)), held);
        } catch (DecodeException | IllegalArgumentException | ClassCastException | NullPointerException e) {
            throw new CorruptFileException(log.describe() + ": not a record of this version: " + e.getMessage()
                + "; restore the file from a backup");
        } catch (IOException e) {
            throw new IOException(log.describe() + ": " + e.getMessage(), e);
        }
    }

    /** The authority of an older version: one that signs identities itself. */
    private HeldAuthority adopted() throws IOException {
        String keyPem = text(OLD_KEY);
        String where = files.describe(OLD_CERTIFICATE);
        List<X509Certificate> chain = PemFiles.certificates(text(OLD_CERTIFICATE), where);
        try {
            CertificateAuthority issuer = CertificateAuthority.of(
                chain.subList(0, 1), KeyPem.decode(keyPem, files.describe(OLD_KEY), passphrase), trustDomain, clock);
            return new HeldAuthority(1, issuer, keyPem, Optional.empty());
        } catch (IllegalArgumentException e) {
            throw new IOException(where + ": " + e.getMessage(), e);
        }
    }

    private String text(String name) throws IOException {
        if (!files.exists(name)) {
            throw new IOException(files.describe(name) + ": no such file (expected: PEM, beside the other of " + OLD_CERTIFICATE + " and " + OLD_KEY + ")");
        }
        try (FileLayer.OpenFile file = files.open(name)) {
            return new String(file.readAll(), StandardCharsets.ISO_8859_1);
        }
    }

    private boolean isUnused(CertificateAuthority authority) {
        return state.held.stream().noneMatch(each -> each.issuer().chain().contains(authority.certificate()));
    }

    /** Whoever can read the directory can be the whole mesh, unless its keys are encrypted. */
    private void protect() throws IOException {
        if (passphrase.isEmpty()) {
            LOG.warnf("%s: the CA's keys are NOT encrypted (expected: --ca-passphrase-file or MESH_CA_PASSPHRASE); whoever reads this file, or a"
                + " backup of it, can issue any identity", log.describe());
            return;
        }
        log.decide(this::take, () -> {
            if (!state.held.stream().allMatch(HeldAuthority::isEncrypted)) {
                List<HeldAuthority> encrypted = new ArrayList<>();
                for (HeldAuthority each : state.held) {
                    encrypted.add(each.encrypted(passphrase.get()));
                }
                keep(new State(state.phase, encrypted));
                LOG.infof("%s: the CA's keys are encrypted now", log.describe());
            }
            return state;
        });
    }

    /** A new intermediate when half of the life of the one that signs is over. A failure leaves the old one, which signs on. */
    public synchronized void renewIfDue() {
        HeldAuthority active = state.active();
        if (!active.isDue(clock.instant())) {
            return;
        }
        try {
            log.decide(this::take, () -> {
                if (state.active().isDue(clock.instant())) {
                    List<HeldAuthority> held = new ArrayList<>(state.held);
                    held.set(0, state.active().renewed(trustDomain, passphrase, clock));
                    keep(new State(state.phase, held));
                    LOG.infof("new intermediate of authority %d, until %s", state.active().number(), state.active().issuer().end());
                }
                return state;
            });
        } catch (IOException | RuntimeException e) {
            LOG.errorf("no new intermediate of authority %d, the old one is good until %s: %s",
                active.number(), active.issuer().end(), e.getMessage());
        }
    }

    @Override
    public CertificateAuthority issuer() {
        return state.active().issuer();
    }

    /** The root before, as long as it is trusted: a sidecar that was away must know the control plane to hear of the new one. */
    @Override
    public CertificateAuthority serving() {
        State now = state;
        return (now.phase == Phase.RETIRING ? now.other() : now.active()).issuer();
    }

    @Override
    public TrustBundle bundle() {
        return new TrustBundle(trustDomain, state.held.stream().map(HeldAuthority::root).toList());
    }

    State state() {
        return state;
    }

    /** Trusts a next root: the one that was brought, or a new one. */
    synchronized State distribute() throws IOException {
        return log.decide(this::take, () -> {
            expect(Phase.STABLE);
            int number = state.active().number() + 1;
            Optional<CertificateAuthority> unused = candidate.filter(this::isUnused);
            HeldAuthority next = unused.isPresent() ? HeldAuthority.of(number, unused.get(), passphrase)
                : HeldAuthority.create(number, trustDomain, passphrase, clock);
            keep(new State(Phase.DISTRIBUTING, List.of(state.active(), next)));
            return state;
        });
    }

    /** Lets the next root sign. */
    synchronized State issue(State seen) throws IOException {
        return log.decide(this::take, () -> {
            expect(Phase.DISTRIBUTING);
            expectSame(seen);
            keep(new State(Phase.RETIRING, List.of(state.other(), state.active())));
            // The rotation after this one is away from it.
            candidate = Optional.empty();
            return state;
        });
    }

    /** Forgets the root before, and its keys. */
    synchronized State retire(State seen) throws IOException {
        return log.decide(this::take, () -> {
            expect(Phase.RETIRING);
            expectSame(seen);
            keep(new State(Phase.STABLE, List.of(state.active())));
            return state;
        });
    }

    /** Forgets the next root, of which nothing was signed yet. */
    synchronized State abort() throws IOException {
        return log.decide(this::take, () -> {
            expect(Phase.DISTRIBUTING);
            keep(new State(Phase.STABLE, List.of(state.active())));
            return state;
        });
    }

    private void expect(Phase phase) {
        if (state.phase != phase) {
            throw new IllegalStateException("the rotation is " + state.phase.label() + " (expected: " + phase.label() + ")");
        }
    }

    /** What was looked at before it was decided may be another rotation, of another replica. */
    private void expectSame(State seen) {
        if (!state.pins().equals(seen.pins())) {
            throw new IllegalStateException("another replica has rotated meanwhile: authorities " + state.pins()
                + " (expected: " + seen.pins() + ")");
        }
    }

    private void keep(State next) throws IOException {
        JsonArray all = new JsonArray();
        next.held.forEach(each -> all.add(each.json()));
        byte[] record = new JsonObject().put("phase", next.phase.label()).put("authorities", all).encode().getBytes(StandardCharsets.UTF_8);
        log.append(record);
        state = next;
        try {
            // It is durable already. The rest of the file is keys that are not to be found any more.
            log.keepOnly(List.of(record));
            forgetOld();
        } catch (IOException e) {
            LOG.warnf("%s: older keys stay in the file until the next change: %s", log.describe(), e.getMessage());
        }
    }

    /** The older version's files stay as long as it could go on with them: while they say the same, and no less safely. */
    private void forgetOld() throws IOException {
        if (!files.exists(OLD_KEY) || passphrase.isEmpty() && state.held.stream().anyMatch(each -> !each.hasIntermediate())) {
            return;
        }
        files.delete(OLD_KEY);
        files.delete(OLD_CERTIFICATE);
        files.forceDirectory();
    }

    @Override
    public void close() throws IOException {
        log.close();
    }
}
