package mesh.proxy.state;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import mesh.disk.DurableFile;

/** Where the {@link LastGood} lies. */
final class LastGoodFile implements LastGoodWriter.Disk {

    /** More than any mesh has, and less than a sidecar's memory. */
    static final int LARGEST = 64 << 20;

    private final Path file;

    LastGoodFile(Path file) {
        this.file = file;
    }

    @Override
    public void write(LastGood lastGood) throws IOException {
        byte[] content = LastGoodFormat.write(lastGood);
        if (content.length > LARGEST) {
            throw new IOException(file + ": " + content.length + " bytes (expected: at most " + LARGEST + ")");
        }
        DurableFile.write(file, content);
    }

    @Override
    public void delete() throws IOException {
        DurableFile.delete(file);
    }

    boolean exists() {
        return Files.exists(file);
    }

    /**
     * What was kept; empty when nothing was.
     *
     * @throws IOException naming the file and why it is of no use
     */
    Optional<LastGood> read(LastGood.Owner owner) throws IOException {
        if (!exists()) {
            return Optional.empty();
        }
        StateDirectory.refuseLooser(file);
        byte[] content;
        try (InputStream in = Files.newInputStream(file)) {
            content = in.readNBytes(LARGEST + 1);
        }
        if (content.length > LARGEST) {
            throw new IOException(file + ": larger than " + LARGEST + " bytes (expected: what a sidecar has written)");
        }
        try {
            return Optional.of(LastGoodFormat.read(content, owner));
        } catch (IOException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }
}
