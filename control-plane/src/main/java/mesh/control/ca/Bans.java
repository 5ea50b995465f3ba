package mesh.control.ca;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.Closeable;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import mesh.control.ca.IssueRefusedException.Reason;
import mesh.control.journal.CorruptFileException;
import mesh.control.journal.RecordLog;
import mesh.control.journal.RecordLogs;
import mesh.model.BanList;
import mesh.model.SpiffeId;
import org.jboss.logging.Logger;

/** Who is banned, durably. Each record is the whole list: bans are few, and the last good record alone is enough. Any thread. */
public final class Bans implements Closeable {

    static final int MOST = 10_000;

    private static final Logger LOG = Logger.getLogger(Bans.class);
    private static final String NAME = "bans";
    private static final long COMPACT_ABOVE = 4 << 20;

    /**
     * One of them.
     *
     * @param whom   an identity or a serial number
     * @param reason for people; one line of at most 1000 characters
     * @param by     who asked
     */
    record Ban(Whom whom, String reason, String by, Instant at) {

        private static final int LONGEST_REASON = 1000;

        Ban {
            if (reason.length() > LONGEST_REASON || reason.chars().anyMatch(Character::isISOControl)) {
                throw new IllegalArgumentException("reason: " + (reason.length() > LONGEST_REASON ? reason.length() + " characters"
                    : "has a control character") + " (expected: one line of at most " + LONGEST_REASON + " characters)");
            }
        }
    }

    /** Exactly one of the two. */
    record Whom(Optional<SpiffeId> id, Optional<BigInteger> serial) {

        Whom {
            if (id.isPresent() == serial.isPresent()) {
                throw new IllegalArgumentException("spiffe_id and serial: " + (id.isPresent() ? "both" : "neither") + " (expected: one of them)");
            }
        }

        /** Whether it takes in the holder of this leaf. */
        boolean is(SpiffeId other, BigInteger otherSerial) {
            return id.map(other::equals).orElseGet(() -> serial.orElseThrow().equals(otherSerial));
        }

        @Override
        public String toString() {
            return id.map(SpiffeId::toString).orElseGet(() -> "serial " + serial.orElseThrow().toString(16));
        }
    }

    private final RecordLog log;
    private volatile List<Ban> all = List.of();
    private volatile BanList current = BanList.NONE;
    private volatile Consumer<BanList> follower = bans -> {};

    private Bans(RecordLog log) {
        this.log = log;
    }

    /** @throws IOException naming the log, when it cannot be trusted: who was banned must not come back by a damaged file */
    public static Bans open(RecordLogs logs) throws IOException {
        Bans bans = new Bans(logs.log(NAME));
        try {
            List<byte[]> records = bans.log.takeNew();
            if (!records.isEmpty()) {
                bans.take(records.get(records.size() - 1));
            }
        } catch (IOException e) {
            bans.close();
            throw e;
        }
        bans.log.onNews(bans::newsCame);
        return bans;
    }

    /** Has somebody told of the bans whenever another replica has changed them. */
    public void onOthers(Consumer<BanList> told) {
        follower = told;
    }

    private void take(byte[] record) throws IOException {
        try {
            use(read(record));
        } catch (DecodeException | ClassCastException | NullPointerException | IllegalArgumentException | DateTimeParseException e) {
            throw new CorruptFileException(log.describe() + ": not a list of bans: " + e.getMessage() + "; restore it from a backup");
        }
        follower.accept(current);
    }

    private void newsCame() {
        try {
            catchUp();
        } catch (IOException e) {
            LOG.errorf("%s: what other replicas banned cannot be read: %s", log.describe(), e.getMessage());
        }
    }

    /** Learns of what other replicas have done. */
    public synchronized void catchUp() throws IOException {
        for (byte[] record : log.takeNew()) {
            take(record);
        }
    }

    private static List<Ban> read(byte[] record) {
        List<Ban> read = new ArrayList<>();
        for (Object each : new JsonArray(new String(record, StandardCharsets.UTF_8))) {
            JsonObject json = (JsonObject) each;
            Whom whom = new Whom(Optional.ofNullable(json.getString("id")).map(SpiffeId::parse),
                Optional.ofNullable(json.getString("serial")).map(hex -> new BigInteger(hex, 16)));
            read.add(new Ban(whom, json.getString("reason"), json.getString("by"), Instant.parse(json.getString("at"))));
        }
        return read;
    }

    private void use(List<Ban> bans) {
        all = List.copyOf(bans);
        current = new BanList(some(bans, Whom::id), some(bans, Whom::serial));
    }

    private static <T> Set<T> some(List<Ban> bans, Function<Whom, Optional<T>> part) {
        return bans.stream().flatMap(ban -> part.apply(ban.whom).stream()).collect(Collectors.toSet());
    }

    public BanList current() {
        return current;
    }

    /** Oldest first. */
    List<Ban> list() {
        return all;
    }

    /** Bans, durable on return; whom is banned already stays so, with the first reason. */
    synchronized void add(Ban ban) throws IOException {
        log.decide(this::take, () -> {
            if (all.stream().anyMatch(each -> each.whom.equals(ban.whom))) {
                return false;
            }
            if (all.size() >= MOST) {
                throw new IssueRefusedException(Reason.TOO_MANY, "bans: " + MOST + " are in force (expected: fewer; end one with mesh ca unban)");
            }
            List<Ban> next = new ArrayList<>(all);
            next.add(ban);
            keep(next);
            return true;
        });
    }

    /** @return whether there was one */
    synchronized boolean remove(Whom whom) throws IOException {
        return log.decide(this::take, () -> {
            List<Ban> next = new ArrayList<>(all);
            if (!next.removeIf(each -> each.whom.equals(whom))) {
                return false;
            }
            keep(next);
            return true;
        });
    }

    private void keep(List<Ban> next) throws IOException {
        JsonArray json = new JsonArray();
        for (Ban ban : next) {
            JsonObject each = new JsonObject().put("reason", ban.reason).put("by", ban.by).put("at", ban.at.toString());
            ban.whom.id.ifPresent(id -> each.put("id", id.toString()));
            ban.whom.serial.ifPresent(serial -> each.put("serial", serial.toString(16)));
            json.add(each);
        }
        byte[] record = json.encode().getBytes(StandardCharsets.UTF_8);
        log.append(record);
        use(next);
        if (log.length() > COMPACT_ABOVE && log.length() > 4L * record.length) {
            try {
                log.keepOnly(List.of(record));
            } catch (IOException e) {
                LOG.warnf("%s could not be compacted, it goes on growing: %s", log.describe(), e.getMessage());
            }
        }
    }

    @Override
    public synchronized void close() throws IOException {
        log.close();
    }
}
