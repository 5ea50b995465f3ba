package mesh.control.store;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;
import mesh.control.messages.ConfigMessages;
import mesh.control.messages.Problems;
import mesh.digest.Sha256;
import mesh.model.MeshSnapshot;
import mesh.replica.v1.Rollout;

/**
 * One version of the configuration as it stands in the journal: who wrote it, when and why, and all of it as a {@code mesh.v1.Config}.
 * The whole and not the difference, so that the last good record alone is enough.
 *
 * @param rollout how far a rollout is that this version is part of
 */
record ConfigRecord(ConfigVersion version, Optional<Rollout> rollout, mesh.v1.Config config) {

    /** The configuration as it is, without its hash. Still read. */
    private static final int PLAIN = 1;
    /** The configuration deflated (RFC 1950), since the history keeps many that differ little from each other; its hash stands before it. */
    private static final int PACKED = 2;
    /** As above, and between hash and configuration how far a rollout is, its length first. */
    private static final int ROLLED_OUT = 3;
    /** What {@link DataOutputStream#writeUTF} takes with room to spare. */
    private static final int LONGEST_TEXT = 4096;

    static ConfigRecord of(MeshSnapshot snapshot, Optional<Rollout> rollout, Instant at, String author, String message) {
        mesh.v1.Config config = ConfigMessages.encode(snapshot);
        // As it is kept, so that whoever has written it and whoever reads it back say the same.
        Instant kept = at.truncatedTo(ChronoUnit.MILLIS);
        return new ConfigRecord(new ConfigVersion(snapshot.version(), kept, shortened(author), shortened(message), hash(config)), rollout, config);
    }

    private static String shortened(String text) {
        return text.length() <= LONGEST_TEXT ? text : text.substring(0, LONGEST_TEXT);
    }

    byte[] toBytes() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(rollout.isPresent() ? ROLLED_OUT : PACKED);
            out.writeLong(version.version());
            out.writeLong(version.at().toEpochMilli());
            out.writeUTF(version.author());
            out.writeUTF(version.message());
            out.writeUTF(version.contentHash());
            if (rollout.isPresent()) {
                byte[] state = rollout.get().toByteArray();
                out.writeInt(state.length);
                out.write(state);
            }
            try (DeflaterOutputStream packed = new DeflaterOutputStream(out)) {
                config.writeTo(packed);
            }
        } catch (IOException e) {
            throw new IllegalStateException("writing to memory failed", e);
        }
        return bytes.toByteArray();
    }

    /**
     * What a record says of its configuration. At a start there are thousands of records, and of all but the last nobody needs more.
     *
     * @throws IOException when these are not the bytes of a record that this program can read
     */
    static ConfigVersion describe(byte[] bytes) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        return form(in) != PLAIN ? new ConfigVersion(in.readLong(), Instant.ofEpochMilli(in.readLong()), in.readUTF(), in.readUTF(), in.readUTF())
            : read(bytes).version;
    }

    /** @throws IOException when these are not the bytes of a record that this program can read */
    static ConfigRecord read(byte[] bytes) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        int form = form(in);
        boolean packed = form != PLAIN;
        long version = in.readLong();
        Instant at = Instant.ofEpochMilli(in.readLong());
        String author = in.readUTF();
        String message = in.readUTF();
        String hash = packed ? in.readUTF() : "";
        Optional<Rollout> rollout = form == ROLLED_OUT ? Optional.of(Rollout.parseFrom(in.readNBytes(in.readInt()))) : Optional.empty();
        mesh.v1.Config config = mesh.v1.Config.parseFrom(packed ? new InflaterInputStream(in) : in);
        return new ConfigRecord(new ConfigVersion(version, at, author, message, packed ? hash : hash(config)), rollout, config);
    }

    private static int form(DataInputStream in) throws IOException {
        int form = in.readUnsignedByte();
        if (form != PLAIN && form != PACKED && form != ROLLED_OUT) {
            throw new IOException("a record of form " + form + " (expected: " + PLAIN + " to " + ROLLED_OUT + "; a newer program wrote it)");
        }
        return form;
    }

    private static String hash(mesh.v1.Config config) {
        byte[] content = new byte[config.getSerializedSize()];
        CodedOutputStream out = CodedOutputStream.newInstance(content);
        // Maps have no order of their own.
        out.useDeterministicSerialization();
        try {
            config.writeTo(out);
            return Sha256.hex(content);
        } catch (IOException e) {
            throw new IllegalStateException("memory takes as many bytes as it has", e);
        }
    }

    /** @throws IOException with every problem, when what was good once is no longer */
    MeshSnapshot snapshot() throws IOException {
        Problems problems = new Problems();
        MeshSnapshot snapshot = ConfigMessages.decode(config, "config", problems);
        if (!problems.none()) {
            throw new IOException("version " + version.version() + ", written " + version.at() + ", is not a configuration of this program: "
                + problems.list());
        }
        return snapshot.withVersion(version.version());
    }
}
