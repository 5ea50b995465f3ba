package mesh.control.ca;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Consumer;
import mesh.control.journal.CorruptFileException;
import mesh.control.journal.RecordLog;
import mesh.control.journal.RecordLogs;
import mesh.digest.Sha256;
import org.jboss.logging.Logger;

/**
 * Who was given which certificate, and who changed what. Lines of JSON that are only ever added to; each holds the SHA-256 of the one
 * before, so that none can be changed, left out or put in without breaking the chain. Any thread.
 */
public final class AuditLog implements Closeable {

    private static final Logger LOG = Logger.getLogger(AuditLog.class);
    private static final String NAME = "audit";

    /**
     * A line by which all before it are known.
     *
     * @param number from 1; 0 for the beginning
     * @param hash   SHA-256 of the line, lower-case hexadecimal
     */
    public record Head(long number, String hash) {

        static final Head BEGINNING = new Head(0, "0".repeat(64));

        private Optional<String> brokenBy(byte[] line) {
            try {
                String previous = new JsonObject(new String(line, StandardCharsets.UTF_8)).getString("previous");
                return hash.equals(previous) ? Optional.empty()
                    : Optional.of("the chain breaks at line " + (number + 1) + " (expected: previous " + hash + ")");
            } catch (DecodeException | ClassCastException e) {
                return Optional.of("the chain breaks at line " + (number + 1) + ", which is not readable (expected: previous " + hash + ")");
            }
        }

        private Head after(byte[] line) {
            return new Head(number + 1, Sha256.hex(line));
        }
    }

    private final RecordLog log;
    private final InstantSource clock;
    private final Consumer<JsonObject> replay;
    private Head head = Head.BEGINNING;

    private AuditLog(RecordLog log, InstantSource clock, Consumer<JsonObject> replay) {
        this.log = log;
        this.clock = clock;
        this.replay = replay;
    }

    /** As below, for those who have no use for what is in it. */
    public static AuditLog open(RecordLogs logs, InstantSource clock) throws IOException {
        return open(logs, clock, line -> {});
    }

    /**
     * Opens it, or makes it.
     *
     * @param replay told of every line that is there, oldest first, and of those that other replicas add
     * @throws CorruptFileException when the chain is broken
     */
    public static AuditLog open(RecordLogs logs, InstantSource clock, Consumer<JsonObject> replay) throws IOException {
        AuditLog audit = new AuditLog(logs.log(NAME), clock, replay);
        try {
            for (byte[] line : audit.log.takeNew()) {
                audit.take(line);
            }
        } catch (IOException e) {
            audit.close();
            throw e;
        }
        audit.log.onNews(audit::catchUp);
        return audit;
    }

    private void take(byte[] line) throws IOException {
        Optional<String> broken = head.brokenBy(line);
        if (broken.isPresent()) {
            throw new CorruptFileException(log.describe() + ": " + broken.get()
                + "; somebody changed it: keep it for an inquiry and move it away to start a new one");
        }
        head = head.after(line);
        replay.accept(new JsonObject(new String(line, StandardCharsets.UTF_8)));
    }

    private synchronized void catchUp() {
        try {
            for (byte[] line : log.takeNew()) {
                take(line);
            }
        } catch (IOException e) {
            // The head is no longer that of the log then, and nothing can be added.
            LOG.errorf("%s: what other replicas did cannot be read: %s", log.describe(), e.getMessage());
        }
    }

    /** The last line. */
    public synchronized Head head() {
        return head;
    }

    /**
     * Reads what is on the disk and follows the chain from its first line.
     *
     * @param expected must be one of its lines: a log that was cut short is whole in itself
     * @return what is wrong; empty when nothing is
     */
    public synchronized Optional<String> verify(Optional<Head> expected) throws IOException {
        Head at = Head.BEGINNING;
        boolean met = expected.isEmpty() || expected.get().equals(at);
        for (byte[] line : log.readAll()) {
            Optional<String> broken = at.brokenBy(line);
            if (broken.isPresent()) {
                return broken;
            }
            at = at.after(line);
            met |= expected.isPresent() && expected.get().equals(at);
        }
        if (!at.equals(head)) {
            return Optional.of("it ends with line " + at.number + ", " + at.hash + " (expected: line " + head.number + ", " + head.hash
                + ", the last that was written)");
        }
        return met ? Optional.empty() : Optional.of("line " + expected.get().number + ", " + expected.get().hash + " is not in it");
    }

    /**
     * Adds a line, durable on return.
     *
     * @param who    an identity, or where the request came from
     * @param what   the action, such as {@code certificate issued}
     * @param detail of what
     */
    public void add(String who, String what, String detail) throws IOException {
        add(who, what, detail, new JsonObject());
    }

    /** As above. @param facts of it, for programs */
    synchronized void add(String who, String what, String detail, JsonObject facts) throws IOException {
        log.decide(this::take, () -> {
            byte[] line = (facts.copy()
                .put("number", head.number + 1)
                .put("at", clock.instant().toString())
                .put("who", who)
                .put("what", what)
                .put("detail", detail)
                .put("previous", head.hash)
                .encode() + "\n").getBytes(StandardCharsets.UTF_8);
            log.append(line);
            head = head.after(line);
            return head;
        });
    }

    @Override
    public synchronized void close() throws IOException {
        log.close();
    }
}
