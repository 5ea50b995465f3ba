package mesh.proxy.workload;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Set;

/**
 * The file of a unix socket, from its directory to its end. It is bound under a name beside its own and moved there once it has its mode, so that
 * nobody ever finds it with another one, and a file that a dead process left is replaced in one step. One thread.
 */
final class SocketFile {

    /** {@code sun_path} has 108 bytes, the last of them zero. */
    private static final int LONGEST = 107;
    private static final int WRITABLE_BY_OTHERS = 0022;
    private static final int STICKY = 01000;

    private final Path path;
    private final boolean shared;
    private Object key;

    /** @param shared with the group of the file, or with its owner alone */
    SocketFile(Path path, boolean shared) {
        this.path = path.toAbsolutePath().normalize();
        this.shared = shared;
    }

    /**
     * Checks the place, and makes its directory if need be.
     *
     * @return where to bind before {@link #publish}
     * @throws IOException naming what is there and what was expected
     */
    Path prepare() throws IOException {
        Path directory = path.getParent();
        if (directory == null) {
            throw new IOException(path + ": not a place for a socket (expected: a path such as /run/mesh/workload.sock)");
        }
        Path fresh = directory.resolve("." + Long.toHexString(ProcessHandle.current().pid()));
        int length = Math.max(bytes(path), bytes(fresh));
        if (length > LONGEST) {
            throw new IOException(path + ": " + length + " bytes (expected: at most " + LONGEST + ", as the kernel takes no longer name for a socket)");
        }
        if (Files.exists(directory)) {
            refuseOpen(directory);
        } else {
            Files.createDirectories(directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(shared ? "rwxr-x---" : "rwx------")));
        }
        refuseOccupied();
        Files.deleteIfExists(fresh);
        return fresh;
    }

    private static int bytes(Path path) {
        return path.toString().getBytes(StandardCharsets.UTF_8).length;
    }

    /** Whoever may write to it could put a socket of their own in this one's place, and give workloads any identity. */
    private static void refuseOpen(Path directory) throws IOException {
        Map<String, Object> found = Files.readAttributes(directory, "unix:mode,uid");
        int mode = (int) found.get("mode");
        int owner = (int) found.get("uid");
        if (owner != 0 && owner != ownUser()) {
            throw new IOException(directory + ": belongs to user id " + owner + " (expected: a directory of this process's user)");
        }
        if ((mode & WRITABLE_BY_OTHERS) != 0 && (mode & STICKY) == 0) {
            throw new IOException(directory + ": mode " + Integer.toOctalString(mode & 07777) + " (expected: only its owner may write to it, chmod go-w "
                + directory + ", or a directory below it)");
        }
    }

    static int ownUser() throws IOException {
        return (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    }

    private void refuseOccupied() throws IOException {
        BasicFileAttributes found;
        try {
            found = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return;
        }
        if (!found.isOther()) {
            throw new IOException(path + ": not a socket (expected: nothing, or the socket of a process that has ended)");
        }
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.connect(UnixDomainSocketAddress.of(path));
        } catch (ConnectException e) {
            return;
        }
        throw new IOException(path + ": another process listens there (expected: a path of its own for each sidecar)");
    }

    /** @param fresh what was bound */
    void publish(Path fresh) throws IOException {
        Set<PosixFilePermission> mode = PosixFilePermissions.fromString(shared ? "rw-rw----" : "rw-------");
        Files.setPosixFilePermissions(fresh, mode);
        key = keyOf(fresh);
        Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
    }

    private static Object keyOf(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS).fileKey();
    }

    /** Removes it, unless another has taken its place. */
    void remove() throws IOException {
        try {
            if (key != null && key.equals(keyOf(path))) {
                Files.deleteIfExists(path);
            }
        } catch (NoSuchFileException e) {
            // Somebody was tidy.
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
