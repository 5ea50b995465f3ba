package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code deploy/images/build}: what the images have, whether they are the same when made again, and that they run on this machine's kernel alone. */
class ImagesIT {

    private static final long MOST_BYTES = 140_000_000;

    @TempDir
    private Path dir;

    @Test
    void theDataPlanesImageIsSmallIsTheSameAgainAndRuns() throws Exception {
        Image image = build("data-plane", "first");
        assertThat(build("data-plane", "second").digest()).as("made again").isEqualTo(image.digest());
        check(image);

        Path root = unpack(image);
        assertThat(shells(root)).isEmpty();
        assertThat(privileged(root)).isEmpty();
        assertThat(runs(root, image, false, "--version").log()).contains("mesh 0.");
        // In a network of its own, as a pod's init container.
        MeshProcess rules = runs(root, image, true, "intercept", "install");
        assertThat(rules.exitCode()).as(rules.log()).isZero();
        assertThat(rules.log()).contains("iptables: rules installed");
    }

    @Test
    void theControlPlanesImageRunsAsItsUser() throws Exception {
        Image image = build("control-plane", "first");
        check(image);
        Path root = unpack(image);
        assertThat(shells(root)).isEmpty();
        List<String> command = command(root, image, false, "control-plane", "start", "--data-dir", "/tmp/data", "--listen", "127.0.0.1:0",
            "--plaintext-listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--injector-listen", "127.0.0.1:0");
        try (MeshProcess controlPlane = MeshProcess.start("control-plane image", command)) {
            controlPlane.awaitLine(Pattern.compile("control plane ready: "));
            controlPlane.awaitLine(Pattern.compile("injector ready: "));
        }
    }

    /**
     * @param layout unpacked
     * @param digest of its manifest
     */
    private record Image(Path layout, String digest, JsonObject manifest, JsonObject config) {}

    private Image build(String plane, String name) throws Exception {
        Path out = dir.resolve(plane + "-" + name);
        try (MeshProcess build = MeshProcess.start("build", List.of("python3", MeshProcess.ROOT.resolve("deploy/images/build").toString(), "--out",
            out.toString(), plane))) {
            assertThat(build.exitCode()).as(build.log()).isZero();
        }
        Path layout = Files.createDirectory(out.resolve("layout"));
        tar(out.resolve(plane + ".tar"), layout);
        JsonObject index = new JsonObject(Files.readString(layout.resolve("index.json")));
        String digest = index.getJsonArray("manifests").getJsonObject(0).getString("digest");
        JsonObject manifest = new JsonObject(Files.readString(blob(layout, digest)));
        Path config = blob(layout, manifest.getJsonObject("config").getString("digest"));
        return new Image(layout, digest, manifest, new JsonObject(Files.readString(config)));
    }

    private static void check(Image image) {
        assertThat(image.config().getJsonObject("config").getString("User")).isEqualTo("1337:1337");
        assertThat(image.config().getJsonObject("rootfs").getJsonArray("diff_ids")).hasSameSizeAs(image.manifest().getJsonArray("layers"));
        long bytes = image.manifest().getJsonArray("layers").stream().mapToLong(layer -> ((JsonObject) layer).getLong("size")).sum();
        assertThat(bytes).isLessThan(MOST_BYTES);
    }

    private static Path blob(Path layout, String digest) {
        return layout.resolve("blobs/sha256").resolve(digest.substring("sha256:".length()));
    }

    private Path unpack(Image image) throws Exception {
        Path root = Files.createDirectory(image.layout().resolveSibling("root"));
        for (Object layer : image.manifest().getJsonArray("layers")) {
            tar(blob(image.layout(), ((JsonObject) layer).getString("digest")), root);
        }
        return root;
    }

    private static void tar(Path archive, Path into) throws Exception {
        try (MeshProcess tar = MeshProcess.start("tar", List.of("tar", "-xf", archive.toString(), "-C", into.toString()))) {
            assertThat(tar.exitCode()).as(tar.log()).isZero();
        }
    }

    private static List<Path> shells(Path root) throws IOException {
        return found(root, path -> Pattern.matches("(ba|da|z|a)?sh|busybox|apt(-get)?|dpkg", path.getFileName().toString()));
    }

    /** Files that make somebody else of whoever runs them. */
    private static List<Path> privileged(Path root) throws IOException {
        return found(root, path -> {
            try {
                return Files.isRegularFile(path) && ((int) Files.getAttribute(path, "unix:mode") & 06000) != 0;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private static List<Path> found(Path root, Predicate<Path> which) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(which).toList();
        }
    }

    private static MeshProcess runs(Path root, Image image, boolean asRules, String... words) {
        try (MeshProcess process = MeshProcess.start("image", command(root, image, asRules, words))) {
            process.exitCode();
            return process;
        }
    }

    /** As a container would run it, but for what of the kernel it may see. */
    private static List<String> command(Path root, Image image, boolean asRules, String... words) {
        Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "needs root, to see nothing but the image");
        List<String> inside = new ArrayList<>();
        image.config().getJsonObject("config").getJsonArray("Entrypoint").forEach(word -> inside.add((String) word));
        inside.addAll(List.of(words));
        List<String> command = new ArrayList<>(List.of("unshare", "--mount"));
        if (asRules) command.add("--net");
        command.addAll(List.of("sh", "-c", "mount -t proc proc \"$0/proc\" && exec env -i PATH=/opt/java/bin:/usr/sbin:/usr/bin:/bin"
            + " XTABLES_LOCKFILE=/tmp/lock LANG=C.UTF-8 chroot --userspec=" + (asRules ? "0:0" : "1337:1337") + " \"$0\" \"$@\"", root.toString()));
        command.addAll(inside);
        return command;
    }
}
