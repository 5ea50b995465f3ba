package mesh.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import mesh.model.Coverage;
import mesh.model.Problem;
import org.yaml.snakeyaml.nodes.MappingNode;

/**
 * Reads the file of one sidecar. It has one of two forms: the short form (the specification's: {@code proxy}, {@code mtls},
 * {@code metrics}) is one listener in front of one cluster, the full form ({@code listeners}, {@code routes}, {@code clusters},
 * {@code identity}, {@code telemetry}) is any number of them. Whatever the bytes are, the answer is a configuration or a list of
 * problems, never an exception. Opens no other file: a certificate that is named need not be there yet.
 */
public final class ConfigReader {

    /** Larger files are refused unread: the largest useful one is far below. */
    static final int MAX_BYTES = 1 << 20;

    private ConfigReader() {}

    /** @throws IOException when the file cannot be read */
    public static ConfigResult read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return read(file, in.readNBytes(MAX_BYTES + 1));
        }
    }

    /**
     * Reads what stands in a file.
     *
     * @param file its name in problems; relative paths in it start at its directory
     */
    public static ConfigResult read(Path file, byte[] content) {
        Findings findings = new Findings(file.toString());
        Optional<SidecarConfig> config = YamlDocument.compose(content, findings, "proxy, or listeners and clusters").flatMap(root -> read(root, file, findings));
        if (!findings.none()) return new ConfigResult.Invalid(findings.inOrder());
        return new ConfigResult.Valid(config.orElseThrow(), warnings(config.orElseThrow(), new Findings(file.toString())));
    }

    private static List<Problem> warnings(SidecarConfig config, Findings warnings) {
        config.snapshot().routeTables().forEach((name, table) -> Coverage.of(table).forEach(covered ->
            config.places().of(name, covered.host().name(), covered.route().name()).ifPresent(at ->
                warnings.add(at.path(), at.line(), at.column(), "warning: " + covered.message()))));
        return warnings.inOrder();
    }

    private static Optional<SidecarConfig> read(MappingNode node, Path file, Findings findings) {
        Section root = new Section(node, "", findings);
        if (!root.has("proxy") && !root.has("listeners")) {
            findings.add("", node.getStartMark(), "neither proxy nor listeners (expected: one of them)");
            root.knows(ShortForm.KEYS);
            root.knows(FullForm.KEYS);
            root.end();
            return Optional.empty();
        }
        Path directory = file.toAbsolutePath().getParent();
        SidecarConfig config = root.has("proxy")
            ? new ShortForm(root, directory, findings).read()
            : new FullForm(root, directory, findings).read();
        if (findings.none()) {
            // The reader finds dangling names by itself and knows their lines; this is what it may have missed.
            for (Problem problem : config.snapshot().problems()) {
                findings.add(problem.path(), node.getStartMark(), problem.message());
            }
        }
        return Optional.ofNullable(config);
    }
}
