package mesh.control.ca;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.InstantSource;
import java.util.HexFormat;
import mesh.control.journal.CorruptFileException;
import mesh.control.journal.FileLayer;
import mesh.control.journal.Journal;

/**
 * Who was given which certificate, and who changed what. Lines of JSON that are only ever added to; each holds the SHA-256 of the one
 * before, so that none can be changed, left out or put in without breaking the chain. Any thread.
 */
public final class AuditLog implements Closeable {

    private static final String FILE = "audit.journal";
    private static final String BEGINNING = "0".repeat(64);

    private final Journal journal;
    private final InstantSource clock;
    private long count;
    private String last = BEGINNING;

    private AuditLog(Journal journal, InstantSource clock) {
        this.journal = journal;
        this.clock = clock;
    }

    /** @throws CorruptFileException when the chain is broken */
    public static AuditLog open(FileLayer files, InstantSource clock) throws IOException {
        AuditLog log = new AuditLog(Journal.open(files, FILE), clock);
        for (byte[] line : log.journal.takeRecovered()) {
            if (!log.last.equals(previous(line))) {
                log.close();
                throw new CorruptFileException(files.describe(FILE) + ": the chain breaks at line " + (log.count + 1) + " (expected: previous "
                    + log.last + "); somebody changed it: keep the file for an inquiry and move it away to start a new one");
            }
            log.advance(line);
        }
        return log;
    }

    private static String previous(byte[] line) {
        try {
            return new JsonObject(new String(line, StandardCharsets.UTF_8)).getString("previous");
        } catch (DecodeException | ClassCastException e) {
            return "";
        }
    }

    /**
     * Adds a line, durable on return.
     *
     * @param who    an identity, or where the request came from
     * @param what   the action, such as {@code certificate issued}
     * @param detail of what
     */
    public synchronized void add(String who, String what, String detail) throws IOException {
        byte[] line = (new JsonObject()
            .put("number", count + 1)
            .put("at", clock.instant().toString())
            .put("who", who)
            .put("what", what)
            .put("detail", detail)
            .put("previous", last)
            .encode() + "\n").getBytes(StandardCharsets.UTF_8);
        journal.append(line);
        advance(line);
    }

    private void advance(byte[] line) {
        count++;
        try {
            last = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(line));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    @Override
    public synchronized void close() throws IOException {
        journal.close();
    }
}
