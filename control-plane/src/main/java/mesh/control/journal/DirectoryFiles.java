package mesh.control.journal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import mesh.disk.DirectoryLock;

/** A real directory, open for this process alone: mode 0700, its files 0600. */
public final class DirectoryFiles implements FileLayer, Closeable {

    private static final Set<PosixFilePermission> OWNER_ALL = PosixFilePermissions.fromString("rwx------");
    private static final FileAttribute<?> OWNER_FILE =
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final Path directory;
    private final DirectoryLock lock;

    private DirectoryFiles(Path directory, DirectoryLock lock) {
        this.directory = directory;
        this.lock = lock;
    }

    /**
     * Makes the directory if it is missing, and takes its lock, which the system gives back however the process ends.
     *
     * @throws IOException naming the directory, when it cannot be used or another process has it
     */
    public static DirectoryFiles open(Path directory) throws IOException {
        Path real = directory.toAbsolutePath().normalize();
        Files.createDirectories(real, PosixFilePermissions.asFileAttribute(OWNER_ALL));
        Set<PosixFilePermission> mode = Files.getPosixFilePermissions(real);
        if (mode.contains(PosixFilePermission.GROUP_WRITE) || mode.contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new IOException(real + ": mode " + PosixFilePermissions.toString(mode)
                + " (expected: nobody else may write there; chmod 700 it, or give a directory of its own)");
        }
        Files.setPosixFilePermissions(real, OWNER_ALL);
        return new DirectoryFiles(real, DirectoryLock.take(real, "control plane"));
    }

    private static FileChannel channel(Path file) throws IOException {
        return FileChannel.open(file, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE), OWNER_FILE);
    }

    @Override
    public OpenFile open(String name) throws IOException {
        FileChannel channel = channel(directory.resolve(name));
        channel.position(channel.size());
        return new ChannelFile(channel);
    }

    @Override
    public boolean exists(String name) {
        return Files.exists(directory.resolve(name));
    }

    @Override
    public void rename(String from, String to) throws IOException {
        Files.move(directory.resolve(from), directory.resolve(to), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public void delete(String name) throws IOException {
        Files.deleteIfExists(directory.resolve(name));
    }

    @Override
    public void forceDirectory() throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    @Override
    public String describe(String name) {
        return directory.resolve(name).toString();
    }

    /** For what keeps files of its own there, such as the CA. */
    public Path path() {
        return directory;
    }

    /** Gives the lock back. */
    @Override
    public void close() throws IOException {
        lock.close();
    }

    private record ChannelFile(FileChannel channel) implements OpenFile {

        @Override
        public byte[] readAll() throws IOException {
            ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(channel.size()));
            while (all.hasRemaining() && channel.read(all, all.position()) >= 0) {
                // A read may be short.
            }
            return all.array();
        }

        @Override
        public void append(byte[] bytes) throws IOException {
            ByteBuffer rest = ByteBuffer.wrap(bytes);
            while (rest.hasRemaining()) {
                channel.write(rest);
            }
        }

        /** Moves the position too, when it is beyond. */
        @Override
        public void truncate(long size) throws IOException {
            channel.truncate(size);
        }

        @Override
        public void force() throws IOException {
            channel.force(true);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
