package mesh.control.store;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.time.Instant;
import mesh.control.messages.ConfigMessages;
import mesh.control.messages.Problems;
import mesh.model.MeshSnapshot;

/**
 * One version of the configuration as it stands in the journal: who wrote it, when and why, and all of it as a {@code mesh.v1.Config}.
 * The whole and not the difference, so that the last good record alone is enough.
 */
record ConfigRecord(long version, Instant at, String author, String message, mesh.v1.Config config) {

    private static final int FORM = 1;
    /** What {@link DataOutputStream#writeUTF} takes with room to spare. */
    private static final int LONGEST_TEXT = 4096;

    static ConfigRecord of(MeshSnapshot snapshot, Instant at, String author, String message) {
        return new ConfigRecord(snapshot.version(), at, author, message, ConfigMessages.encode(snapshot));
    }

    byte[] toBytes() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(FORM);
            out.writeLong(version);
            out.writeLong(at.toEpochMilli());
            out.writeUTF(shortened(author));
            out.writeUTF(shortened(message));
            config.writeTo(out);
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
        if (form != FORM) {
            throw new IOException("a record of form " + form + " (expected: " + FORM + "; a newer program wrote it)");
        }
        return new ConfigRecord(in.readLong(), Instant.ofEpochMilli(in.readLong()), in.readUTF(), in.readUTF(), mesh.v1.Config.parseFrom(in));
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
