package mesh.control.journal;

import java.io.Closeable;
import java.io.IOException;

/**
 * The few things that a {@link Journal} asks of a directory, each of which may fail, and of which only the forced ones survive a crash.
 * An interface so that tests can lose what was not forced and tear what was being written.
 */
public interface FileLayer extends RecordLogs {

    /** Opens a file; makes it, empty, when it is missing. */
    OpenFile open(String name) throws IOException;

    boolean exists(String name) throws IOException;

    /** Puts one file in another's place, at once: whoever looks sees the one or the other. Survives a crash after {@link #forceDirectory}. */
    void rename(String from, String to) throws IOException;

    void delete(String name) throws IOException;

    /** Makes creations, renames and deletions survive a crash. */
    void forceDirectory() throws IOException;

    /** One file each, of this process alone. */
    @Override
    default RecordLog log(String name) throws IOException {
        return Journal.open(this, name + ".journal");
    }

    /** Where a file is, for messages to people. */
    String describe(String name);

    /** A file that grows at its end. */
    interface OpenFile extends Closeable {

        byte[] readAll() throws IOException;

        /** Writes at the end; a failure may leave a part. Survives a crash after {@link #force}. */
        void append(byte[] bytes) throws IOException;

        void truncate(long size) throws IOException;

        /** Makes content and length survive a crash. */
        void force() throws IOException;
    }
}
