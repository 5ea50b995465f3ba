package mesh.control.store;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;
import mesh.control.messages.ConfigMessages;
import mesh.control.messages.Problems;
import mesh.model.MeshSnapshot;

/**
 * One version of the configuration as it stands in the journal: who wrote it, when and why, and all of it as a {@code mesh.v1.Config}.
 * The whole and not the difference, so that the last good record alone is enough.
 */
record ConfigRecord(long version, Instant at, String author, String message, mesh.v1.Config config) {

    /** The configuration as it is. Still read. */
    private static final int PLAIN = 1;
    /** The configuration deflated (RFC 1950), since the history keeps many that differ little from each other. */
    private static final int PACKED = 2;
    /** What {@link DataOutputStream#writeUTF} takes with room to spare. */
    private static final int LONGEST_TEXT = 4096;

    static ConfigRecord of(MeshSnapshot snapshot, Instant at, String author, String message) {
        return new ConfigRecord(snapshot.version(), at, author, message, ConfigMessages.encode(snapshot));
    }

    byte[] toBytes() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(PACKED);
            out.writeLong(version);
            out.writeLong(at.toEpochMilli());
            out.writeUTF(shortened(author));
            out.writeUTF(shortened(message));
            try (DeflaterOutputStream packed = new DeflaterOutputStream(out)) {
                config.writeTo(packed);
            }
        } catch (IOException e) {
            throw new IllegalStateException("writing to memory failed", e);
        }
        return bytes.toByteArray();
    }

    private static String shortened(String text) {
        return text.length() <= LONGEST_TEXT ? text : text.substring(0, LONGEST_TEXT);
    }

    /** @throws IOException when these are not the bytes of a record that this program can read */
    static ConfigRecord read(byte[] bytes) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        int form = in.readUnsignedByte();
        if (form != PLAIN && form != PACKED) {
            throw new IOException("a record of form " + form + " (expected: " + PLAIN + " or " + PACKED + "; a newer program wrote it)");
        }
        return new ConfigRecord(in.readLong(), Instant.ofEpochMilli(in.readLong()), in.readUTF(), in.readUTF(),
            mesh.v1.Config.parseFrom(form == PLAIN ? in : new InflaterInputStream(in)));
    }

    ConfigVersion described() {
        return new ConfigVersion(version, at, author, message, contentHash());
    }

    private String contentHash() {
        byte[] content = new byte[config.getSerializedSize()];
        CodedOutputStream out = CodedOutputStream.newInstance(content);
        // Maps have no order of their own.
        out.useDeterministicSerialization();
        try {
            config.writeTo(out);
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (IOException | NoSuchAlgorithmException e) {
            throw new IllegalStateException("neither memory nor SHA-256 is ever missing", e);
        }
    }

    /** @throws IOException with every problem, when what was good once is no longer */
    MeshSnapshot snapshot() throws IOException {
        Problems problems = new Problems();
        MeshSnapshot snapshot = ConfigMessages.decode(config, "config", problems);
        if (!problems.none()) {
            throw new IOException("version " + version + ", written " + at + ", is not a configuration of this program: " + problems.list());
        }
        return snapshot.withVersion(version);
    }
}
