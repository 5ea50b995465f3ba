package mesh.proxy.state;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import mesh.model.TrustBundle;
import mesh.pki.PemFiles;
import mesh.pki.Svid;

/**
 * What a sidecar has over restarts: its identity, so that it needs its token only once, and the configuration that was last in force, so
 * that it can start while the control plane is away. Readable by its user and by nobody else; what is not is refused. One thread for each
 * of the two.
 */
public final class StateDirectory {

    private static final String IDENTITY = "svid.pem";
    private static final String BUNDLE = "bundle.pem";
    private static final String BANS = "bans";
    private static final String LAST_GOOD = "last-good.xds";
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

    /** An identity that was kept. */
    public record Kept(Svid svid, TrustBundle bundle) {}

    private final Path directory;

    private StateDirectory(Path directory) {
        this.directory = directory;
    }

    /**
     * Makes it, if need be, with the directories above it.
     *
     * @throws IOException naming it, when others may read it or it cannot be made
     */
    public static StateDirectory open(Path directory) throws IOException {
        if (Files.exists(directory)) {
            refuseLooser(directory);
        } else {
            Files.createDirectories(directory.toAbsolutePath().getParent());
            Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        }
        return new StateDirectory(directory);
    }

    /**
     * The identity from before, whether or not it is still good; empty when there was none.
     *
     * @throws IOException naming the file and what is wrong with it
     */
    public Optional<Kept> identity() throws IOException {
        Path identity = directory.resolve(IDENTITY);
        if (!Files.exists(identity)) {
            return Optional.empty();
        }
        refuseLooser(identity);
        Svid svid = PemFiles.svid(identity, identity);
        TrustBundle bundle = PemFiles.bundle(directory.resolve(BUNDLE), svid.id().trustDomain());
        return Optional.of(new Kept(svid, bundle.with(BanFile.read(directory.resolve(BANS)))));
    }

    /** The bundle first: whoever finds an identity finds whom it trusts. Key and chain are one file, so that they always fit. */
    public void keep(Svid svid, TrustBundle bundle) throws IOException {
        BanFile.write(directory.resolve(BANS), bundle.bans());
        PemFiles.writeCertificates(directory.resolve(BUNDLE), bundle.authorities());
        PemFiles.writeSvid(directory.resolve(IDENTITY), svid);
    }

    /**
     * The configuration from before, checked; empty when there was none. For keeping one there is {@link LastGoodWriter}.
     *
     * @param owner whose it must be
     * @throws IOException naming the file and why it is of no use
     */
    public Optional<LastGood> lastGood(LastGood.Owner owner) throws IOException {
        return lastGoodFile().read(owner);
    }

    /** Whether a configuration was kept, good or not. */
    public boolean hasLastGood() {
        return lastGoodFile().exists();
    }

    LastGoodFile lastGoodFile() {
        return new LastGoodFile(directory.resolve(LAST_GOOD));
    }

    static void refuseLooser(Path path) throws IOException {
        Set<PosixFilePermission> mode = Files.getPosixFilePermissions(path);
        if (!OWNER_ONLY.containsAll(mode)) {
            throw new IOException(path + ": mode " + PosixFilePermissions.toString(mode)
                + " (expected: nobody but its owner may read it, chmod go= " + path + ")");
        }
    }

    @Override
    public String toString() {
        return directory.toString();
    }
}
