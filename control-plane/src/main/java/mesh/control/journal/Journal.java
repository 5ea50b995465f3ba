package mesh.control.journal;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * An append-only file of records that survives a kill at any moment. A record that {@link #append} returned from is there after every
 * restart; one that it threw for is there as a whole or not at all.
 *
 * <p>Each record is forced before the next is written, so a crash can only tear the last one: that one was never acknowledged, and is
 * cut off at the next start. Damage anywhere before good records is not a crash's work, and the file is then refused, not guessed at.
 * One thread at a time.
 */
public final class Journal implements RecordLog {

    private static final Logger LOG = Logger.getLogger(Journal.class);
    private static final byte[] HEADER = "MESHLOG1".getBytes(StandardCharsets.US_ASCII);

    private final FileLayer files;
    private final String name;
    private final List<byte[]> recovered = new ArrayList<>();
    private FileLayer.OpenFile file;
    private long length;
    /** A write failed: its remains stand after {@link #length} and must go before the next one. */
    private boolean torn;
    /** A rename may be undone by a crash until the directory is forced, so nothing may be acknowledged before that. */
    private boolean renamed;

    private Journal(FileLayer files, String name) {
        this.files = files;
        this.name = name;
    }

    /**
     * Opens a journal, or makes it.
     *
     * @throws CorruptFileException when records are damaged that had been acknowledged
     */
    public static Journal open(FileLayer files, String name) throws IOException {
        Journal journal = new Journal(files, name);
        if (!files.exists(name)) {
            journal.keepOnly(List.of());
            journal.settle();
            return journal;
        }
        files.delete(newName(name));
        journal.file = files.open(name);
        journal.recover();
        return journal;
    }

    /**
     * The records that are in a file now, as far as they are whole; changes nothing, whoever has it open.
     *
     * @throws CorruptFileException when records are damaged
     */
    public static List<byte[]> read(FileLayer files, String name) throws IOException {
        Journal journal = new Journal(files, name);
        try (FileLayer.OpenFile opened = files.open(name)) {
            byte[] bytes = opened.readAll();
            int end = journal.scan(bytes);
            if (end < bytes.length) {
                throw new CorruptFileException(files.describe(name) + ": the record at byte " + end + " is damaged");
            }
        }
        return journal.takeNew();
    }

    private static String newName(String name) {
        return name + ".new";
    }

    /** What was in the file when it was opened; empty after the first call, so that it need not stay in memory. */
    @Override
    public List<byte[]> takeNew() {
        List<byte[]> all = List.copyOf(recovered);
        recovered.clear();
        return all;
    }

    /** Bytes in the file. */
    @Override
    public long length() {
        return length;
    }

    private void recover() throws IOException {
        byte[] bytes = file.readAll();
        int at = scan(bytes);
        if (at < bytes.length) {
            cutTail(bytes, at);
        }
        length = at;
    }

    /** Takes the records that are whole, and says where they end. */
    private int scan(byte[] bytes) throws IOException {
        // The first file appears by rename after it was forced, so a crash cannot tear the header.
        if (bytes.length < HEADER.length || !Arrays.equals(bytes, 0, HEADER.length, HEADER, 0, HEADER.length)) {
            throw new CorruptFileException(files.describe(name) + ": byte 0 does not begin a journal (expected: "
                + new String(HEADER, StandardCharsets.US_ASCII) + "); restore the file from a backup, or move it away to start empty");
        }
        int at = HEADER.length;
        while (at < bytes.length) {
            int size = Frame.lengthAt(bytes, at);
            if (size < 0) {
                break;
            }
            recovered.add(Arrays.copyOfRange(bytes, at + Frame.OVERHEAD, at + Frame.OVERHEAD + size));
            at += Frame.OVERHEAD + size;
        }
        return at;
    }

    private void cutTail(byte[] bytes, int at) throws IOException {
        int next = Frame.nextGood(bytes, at + 1);
        if (next >= 0) {
            throw new CorruptFileException(files.describe(name) + ": the record at byte " + at + " is damaged, and good ones follow at byte "
                + next + " (a crash only tears the end); restore the file from a backup, or keep what is before the damage with"
                + " `truncate -s " + at + " " + files.describe(name) + "`");
        }
        LOG.warnf("%s: cut %d bytes of an unfinished write off at byte %d", files.describe(name), bytes.length - at, at);
        file.truncate(at);
        file.force();
    }

    /** Never overtaken: nobody else has the directory. After a failure the journal can be used on: the next call clears up first. */
    @Override
    public synchronized void append(byte[] record) throws IOException {
        settle();
        byte[] frame = Frame.of(record);
        torn = true;
        try {
            file.append(frame);
            file.force();
        } catch (IOException e) {
            try {
                settle();
            } catch (IOException again) {
                e.addSuppressed(again);
            }
            throw e;
        }
        length += frame.length;
        torn = false;
    }

    private void settle() throws IOException {
        if (renamed) {
            files.forceDirectory();
            renamed = false;
        }
        if (torn) {
            file.truncate(length);
            file.force();
            torn = false;
        }
    }

    @Override
    public void fill(List<byte[]> records) throws IOException {
        keepOnly(records);
        settle();
    }

    @Override
    public synchronized void keepOnly(List<byte[]> records) throws IOException {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        content.writeBytes(HEADER);
        records.forEach(record -> content.writeBytes(Frame.of(record)));
        files.delete(newName(name));
        FileLayer.OpenFile fresh = files.open(newName(name));
        try {
            fresh.append(content.toByteArray());
            fresh.force();
            files.rename(newName(name), name);
        } catch (IOException e) {
            fresh.close();
            throw e;
        }
        FileLayer.OpenFile old = file;
        file = fresh;
        length = content.size();
        torn = false;
        renamed = true;
        if (old != null) {
            old.close();
        }
    }

    /** At any time: not in the middle of a write. */
    @Override
    public synchronized List<byte[]> readAll() throws IOException {
        return read(files, name);
    }

    /** There never is anything: nobody else writes. */
    @Override
    public void onNews(Runnable told) {}

    @Override
    public String describe() {
        return files.describe(name);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
