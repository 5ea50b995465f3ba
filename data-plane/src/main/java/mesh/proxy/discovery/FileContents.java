package mesh.proxy.discovery;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mesh.config.ConfigReader;
import mesh.config.ConfigResult;
import mesh.config.IdentityFiles;
import mesh.digest.Sha256;
import mesh.model.Problem;

/**
 * A configuration file and the certificates it names, as they were at one moment.
 *
 * @param files  the configuration first
 * @param stamps of the files, in order
 * @param hashes of what stands in them, in order
 * @param config what the configuration says; a file that cannot be read is one problem
 */
record FileContents(List<Path> files, List<Stamp> stamps, List<String> hashes, ConfigResult config) {

    /** No certificate file is longer; of a longer one only the beginning is compared. */
    private static final int LONGEST = 1 << 21;

    /** What differs after a file was written, or another one has taken its name. */
    record Stamp(FileTime modified, long size, Object key) {

        private static final Stamp ABSENT = new Stamp(FileTime.fromMillis(0), -1, "absent");

        static Stamp of(Path file) {
            try {
                BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
                return new Stamp(found.lastModifiedTime(), found.size(), found.fileKey());
            } catch (IOException e) {
                return ABSENT;
            }
        }
    }

    static FileContents of(Path configuration) {
        List<Path> files = new ArrayList<>();
        List<Stamp> stamps = new ArrayList<>();
        List<String> hashes = new ArrayList<>();
        // The stamp comes before the content: what is written in between shows as a change at the next look.
        stamps.add(Stamp.of(configuration));
        Read read = Read.of(configuration);
        ConfigResult config = read.problem.<ConfigResult>map(problem -> new ConfigResult.Invalid(List.of(problem)))
            .orElseGet(() -> ConfigReader.read(configuration, read.content));
        files.add(configuration);
        hashes.add(read.hash());
        for (Path certificate : certificates(config)) {
            files.add(certificate);
            stamps.add(Stamp.of(certificate));
            hashes.add(Read.of(certificate).hash());
        }
        return new FileContents(files, stamps, hashes, config);
    }

    /** Whether no file was touched since; asks the file system and reads nothing. */
    boolean untouched() {
        return files.stream().map(Stamp::of).toList().equals(stamps);
    }

    boolean sameContent(FileContents other) {
        return files.equals(other.files) && hashes.equals(other.hashes);
    }

    private static List<Path> certificates(ConfigResult config) {
        Optional<IdentityFiles> named = config instanceof ConfigResult.Valid valid ? valid.config().identity() : Optional.empty();
        return named.map(IdentityFiles::all).orElse(List.of());
    }

    /** A file's bytes, or why there are none. */
    private record Read(byte[] content, Optional<Problem> problem) {

        static Read of(Path file) {
            try (InputStream in = Files.newInputStream(file)) {
                return new Read(in.readNBytes(LONGEST), Optional.empty());
            } catch (IOException e) {
                String why = e instanceof NoSuchFileException ? "no such file" : "cannot be read: " + e.getMessage();
                return new Read(new byte[0], Optional.of(new Problem("", why + " (expected: a readable file)", file.toString(), 0, 0)));
            }
        }

        String hash() {
            return problem.isPresent() ? problem.get().message() : Sha256.hex(content);
        }
    }
}
