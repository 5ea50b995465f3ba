package mesh.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** A file that its readers see as it was or as it is now, never in between, also when the machine stops. */
public final class DurableFile {

    private DurableFile() {}

    /**
     * Puts these bytes in the place of what is there; mode 0600. One thread a file.
     *
     * @throws IOException when that cannot be done; what was there is still there
     */
    public static void write(Path file, byte[] content) throws IOException {
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        try {
            fill(fresh, content);
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            // On a full disk the half that was written would keep others from writing too.
            Files.deleteIfExists(fresh);
            throw e;
        }
        keepName(file.toAbsolutePath().getParent());
    }

    /** Removes a file, if it is there, for good. */
    public static void delete(Path file) throws IOException {
        if (Files.deleteIfExists(file)) {
            keepName(file.toAbsolutePath().getParent());
        }
    }

    private static void fill(Path fresh, byte[] content) throws IOException {
        // The mode comes with the creation: at no moment can others read it.
        var mode = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        try (FileChannel channel = FileChannel.open(fresh, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), mode)) {
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
    }

    /** What a file is called is the directory's content, and that is written by itself. */
    private static void keepName(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
