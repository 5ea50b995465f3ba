package mesh.control.backup;

import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mesh.control.journal.RecordLog;
import mesh.control.journal.RecordLogs;
import mesh.v1.BackupEnd;
import mesh.v1.BackupPart;
import mesh.v1.BackupRecord;

/**
 * The form of a backup: records, and an end with their number and hash, each as its length and its bytes. The same for every store, so that
 * what was taken from one can be put into another.
 */
public final class Backup {

    /** The configuration last, so that what it rests on is never older than it. */
    public static final List<String> LOGS = List.of("authority", "bans", "tokens", "audit", "config");

    private Backup() {}

    /** Somebody who takes the parts, one after the other. */
    @FunctionalInterface
    public interface Sink {
        void take(BackupPart part) throws IOException;
    }

    /** Takes everything out, while it is written to. */
    public static void take(List<RecordLog> logs, Sink sink) throws IOException {
        MessageDigest hash = sha256();
        long records = 0;
        for (int i = 0; i < LOGS.size(); i++) {
            for (byte[] content : logs.get(i).readAll()) {
                BackupPart part = BackupPart.newBuilder()
                    .setRecord(BackupRecord.newBuilder().setLog(LOGS.get(i)).setContent(ByteString.copyFrom(content))).build();
                hash.update(delimited(part));
                records++;
                sink.take(part);
            }
        }
        sink.take(BackupPart.newBuilder().setEnd(BackupEnd.newBuilder().setRecords(records).setSha256(ByteString.copyFrom(hash.digest()))).build());
    }

    /**
     * Puts everything back.
     *
     * @return the number of records
     * @throws IOException when it is not whole, or there is something in the store already: then nothing was put back
     */
    public static long restore(InputStream backup, RecordLogs into) throws IOException {
        Map<String, List<byte[]>> records = read(backup);
        Map<String, RecordLog> logs = new LinkedHashMap<>();
        try {
            for (String name : LOGS) {
                RecordLog log = into.log(name);
                logs.put(name, log);
                if (!log.takeNew().isEmpty()) {
                    throw new IOException(log.describe() + ": has records already (expected: an empty store, a new directory or prefix)");
                }
            }
            long count = 0;
            for (String name : LOGS) {
                logs.get(name).fill(records.get(name));
                count += records.get(name).size();
            }
            return count;
        } finally {
            for (RecordLog log : logs.values()) {
                log.close();
            }
        }
    }

    private static Map<String, List<byte[]>> read(InputStream backup) throws IOException {
        Map<String, List<byte[]>> records = new LinkedHashMap<>();
        LOGS.forEach(name -> records.put(name, new ArrayList<>()));
        MessageDigest hash = sha256();
        long count = 0;
        for (BackupPart part; (part = BackupPart.parseDelimitedFrom(backup)) != null; ) {
            if (part.hasEnd()) {
                if (part.getEnd().getRecords() != count || !part.getEnd().getSha256().equals(ByteString.copyFrom(hash.digest()))) {
                    throw new IOException("damaged: its records are not those that were taken (expected: " + part.getEnd().getRecords()
                        + " of them, with their hash)");
                }
                return records;
            }
            List<byte[]> log = records.get(part.getRecord().getLog());
            if (log == null) {
                throw new IOException("record " + (count + 1) + " is of log \"" + part.getRecord().getLog() + "\" (expected: one of " + LOGS + ")");
            }
            log.add(part.getRecord().getContent().toByteArray());
            hash.update(delimited(part));
            count++;
        }
        throw new IOException("cut short after " + count + " records (expected: an end)");
    }

    private static byte[] delimited(BackupPart part) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        part.writeDelimitedTo(bytes);
        return bytes.toByteArray();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
