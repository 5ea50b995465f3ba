package mesh.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** A directory for one process at a time. The system gives it back however the process ends. */
public final class DirectoryLock implements AutoCloseable {

    private static final String NAME = "lock";
    private static final int PID_DIGITS = 20;

    private final FileChannel file;

    private DirectoryLock(FileChannel file) {
        this.file = file;
    }

    /**
     * Takes a directory that is there.
     *
     * @param what all who may take it are, for whom it is refused
     * @throws IOException naming the directory and the process that has it
     */
    public static DirectoryLock take(Path directory, String what) throws IOException {
        FileChannel file = FileChannel.open(directory.resolve(NAME),
            Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        if (!locked(file)) {
            try (file) {
                throw new IOException(directory + ": in use by another " + what + ", process " + holder(file) + " (expected: one at a time)");
            }
        }
        sign(file);
        return new DirectoryLock(file);
    }

    private static boolean locked(FileChannel file) throws IOException {
        try {
            FileLock lock = file.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            // Held by this very process: two in one JVM, as in tests.
            return false;
        }
    }

    private static String holder(FileChannel file) throws IOException {
        ByteBuffer pid = ByteBuffer.allocate(PID_DIGITS);
        file.read(pid, 0);
        return new String(pid.array(), 0, pid.position(), StandardCharsets.US_ASCII).strip();
    }

    private static void sign(FileChannel file) {
        try {
            file.truncate(0);
            file.write(ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)), 0);
        } catch (IOException e) {
            // A full disk: the lock holds all the same, and only its refusal says less.
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
