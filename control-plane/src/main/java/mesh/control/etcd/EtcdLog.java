package mesh.control.etcd;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import mesh.control.journal.CorruptFileException;
import mesh.control.journal.OvertakenException;
import mesh.control.journal.RecordLog;

/**
 * A log in etcd, which any number of replicas add to. Its keys:
 *
 * <pre>
 * head/NAME                    the number of the last record
 * log/NAME/NUMBER              each record: who added it, and its content
 * part/NAME/NUMBER/WRITER/I    pieces of a record that is too long for one key; its key then says only how many there are
 * </pre>
 *
 * <p>A record is added by one transaction: if the head is the number that is known here, the next record and the new head. Whoever does not
 * know the last record therefore adds nothing, however long it was stopped or cut off: that is the fence, and no clock is in it. A
 * transaction whose answer was lost is found again by who added the record.
 */
final class EtcdLog implements RecordLog {

    /** etcd takes 1.5 MiB in one request unless it is told otherwise. */
    static final int LONGEST_VALUE = 1 << 20;

    private static final int PAGE = 32;
    private static final byte WHOLE = 1, IN_PARTS = 2;
    private static final int WRITER_BYTES = 16;
    /** After every digit: the end of a range of numbers. */
    private static final String AFTER_ALL = ":";

    private final EtcdClient etcd;
    private final String name;
    /** Of the records from the oldest that is known to be there to the last that was taken or appended. */
    private final Deque<Integer> lengths = new ArrayDeque<>();
    private long length;
    private long last;
    private volatile Runnable told = () -> {};

    EtcdLog(EtcdClient etcd, String name) {
        this.etcd = etcd;
        this.name = name;
    }

    private String key(long number) {
        // Of one width, so that the order of keys is that of numbers.
        return "log/" + name + "/" + digits(number);
    }

    private static String digits(long number) {
        return String.format("%016d", number);
    }

    private String parts(long number) {
        return "part/" + name + "/" + digits(number);
    }

    @Override
    public List<byte[]> takeNew() throws IOException {
        SortedMap<Long, byte[]> found = after(last);
        // Not before all are here: what fails half way is taken again.
        found.values().forEach(this::known);
        last = found.isEmpty() ? last : found.lastKey();
        return List.copyOf(found.values());
    }

    @Override
    public List<byte[]> readAll() throws IOException {
        return List.copyOf(after(0).values());
    }

    private SortedMap<Long, byte[]> after(long number) throws IOException {
        SortedMap<Long, byte[]> found = new TreeMap<>();
        long at = number;
        for (boolean more = true; more;) {
            List<KeyValue> page = etcd.range(key(at + 1), "log/" + name + "/" + AFTER_ALL, PAGE);
            for (KeyValue each : page) {
                at = number(each);
                found.put(at, content(at, each));
            }
            more = page.size() == PAGE;
        }
        return found;
    }

    private void known(byte[] record) {
        lengths.add(record.length);
        length += record.length;
    }

    private long number(KeyValue record) throws IOException {
        String key = record.getKey().toString(US_ASCII);
        try {
            return Long.parseLong(key.substring(key.lastIndexOf('/') + 1));
        } catch (NumberFormatException e) {
            throw damaged(key, "not the number of a record");
        }
    }

    private CorruptFileException damaged(String key, String what) {
        return new CorruptFileException(key + " in " + describe() + ": " + what + "; restore it from a backup, or give a prefix of its own");
    }

    private byte[] content(long number, KeyValue record) throws IOException {
        ByteBuffer value = ByteBuffer.wrap(record.getValue().getBytes());
        if (value.remaining() < 1 + WRITER_BYTES) {
            throw damaged(key(number), value.remaining() + " bytes are no record");
        }
        byte form = value.get();
        UUID writer = new UUID(value.getLong(), value.getLong());
        byte[] rest = new byte[value.remaining()];
        value.get(rest);
        return switch (form) {
            case WHOLE -> rest;
            case IN_PARTS -> joined(number, writer, ByteBuffer.wrap(rest).getInt());
            default -> throw damaged(key(number),
                "a record of form " + form + " (expected: " + WHOLE + " or " + IN_PARTS + "; a newer program wrote it)");
        };
    }

    private byte[] joined(long number, UUID writer, int count) throws IOException {
        List<byte[]> pieces = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            List<KeyValue> piece = etcd.get(part(number, writer, i));
            if (piece.isEmpty()) {
                throw damaged(part(number, writer, i), "missing");
            }
            pieces.add(piece.get(0).getValue().getBytes());
        }
        ByteBuffer whole = ByteBuffer.allocate(pieces.stream().mapToInt(piece -> piece.length).sum());
        pieces.forEach(whole::put);
        return whole.array();
    }

    private String part(long number, UUID writer, int i) {
        return parts(number) + "/" + writer + "/" + i;
    }

    @Override
    public void append(byte[] record) throws IOException {
        long number = last + 1;
        UUID writer = UUID.randomUUID();
        ByteSequence value = record.length <= LONGEST_VALUE ? value(WHOLE, writer, record) : inParts(number, writer, record);
        ByteSequence head = etcd.key("head/" + name);
        Cmp untouched = last == 0 ? new Cmp(head, Cmp.Op.EQUAL, CmpTarget.version(0))
            : new Cmp(head, Cmp.Op.EQUAL, CmpTarget.value(ByteSequence.from(digits(last), US_ASCII)));
        ByteSequence key = etcd.key(key(number));
        TxnResponse answer;
        try {
            answer = etcd.commit(List.of(untouched),
                List.of(Op.put(key, value, PutOption.DEFAULT), Op.put(head, ByteSequence.from(digits(number), US_ASCII), PutOption.DEFAULT)),
                List.of(Op.get(key, GetOption.DEFAULT)));
        } catch (IOException e) {
            throw new IOException(e.getMessage() + " (it may have been written all the same: read again before it is repeated)", e);
        }
        if (!answer.isSucceeded() && !isBy(writer, answer.getGetResponses().get(0).getKvs())) {
            throw new OvertakenException(describe());
        }
        known(record);
        last = number;
    }

    private ByteSequence inParts(long number, UUID writer, byte[] record) throws IOException {
        int count = 0;
        for (int at = 0; at < record.length; at += LONGEST_VALUE) {
            etcd.put(part(number, writer, count++), Arrays.copyOfRange(record, at, Math.min(record.length, at + LONGEST_VALUE)));
        }
        return value(IN_PARTS, writer, ByteBuffer.allocate(4).putInt(count).array());
    }

    private static ByteSequence value(byte form, UUID writer, byte[] rest) {
        return ByteSequence.from(ByteBuffer.allocate(1 + WRITER_BYTES + rest.length)
            .put(form).putLong(writer.getMostSignificantBits()).putLong(writer.getLeastSignificantBits()).put(rest).array());
    }

    /** An earlier try, whose answer was lost, has added it. */
    private static boolean isBy(UUID writer, List<KeyValue> found) {
        return found.stream().anyMatch(each -> {
            ByteBuffer value = ByteBuffer.wrap(each.getValue().getBytes(), 1, WRITER_BYTES);
            return new UUID(value.getLong(), value.getLong()).equals(writer);
        });
    }

    /** Others may have forgotten some already, or may do the same at the same time: it comes to the same. */
    @Override
    public void keepOnly(List<byte[]> newest) throws IOException {
        long first = last - newest.size() + 1;
        if (newest.isEmpty() || first <= 1) {
            return;
        }
        etcd.delete(key(1), key(first));
        // With them the parts that a writer left who was stopped, or overtaken, before its record was there.
        etcd.delete(parts(1), parts(first));
        while (lengths.size() > newest.size()) {
            length -= lengths.poll();
        }
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public void onNews(Runnable news) {
        told = news;
    }

    /** Others have added a record, or may have. */
    void tell() {
        told.run();
    }

    String name() {
        return name;
    }

    @Override
    public String describe() {
        return etcd.describe(name);
    }

    @Override
    public void close() {
        told = () -> {};
    }
}
