package mesh.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import mesh.model.Endpoint;
import mesh.model.Problem;

/**
 * Reads a file that holds the endpoints of one cluster and nothing else: {@code endpoints}, as a sidecar's file has them, YAML or JSON. Whatever the
 * bytes are, the answer is endpoints or a list of problems.
 */
public final class EndpointsFile {

    /** Larger files are refused. */
    public static final int MOST_BYTES = ConfigReader.MAX_BYTES;

    private EndpointsFile() {}

    /** What became of reading one. */
    public sealed interface Result {}

    /** @param endpoints no address twice; may be empty */
    public record Valid(List<Endpoint> endpoints) implements Result {}

    /** @param problems all of them, at least one, from the top of the file down */
    public record Invalid(List<Problem> problems) implements Result {}

    /** @param file its name in problems */
    public static Result read(Path file, byte[] content) {
        Findings findings = new Findings(file.toString());
        Optional<List<Endpoint>> endpoints = YamlDocument.compose(content, findings, "endpoints").map(node -> {
            Section root = new Section(node, "", findings);
            if (!root.has("endpoints")) root.wrong("endpoints", "missing (expected: a list, which may be empty)");
            List<Endpoint> read = root.items("endpoints", "address", each -> Policies.endpoint(each, "address", true));
            root.end();
            return read;
        });
        return findings.none() ? new Valid(endpoints.orElseThrow()) : new Invalid(findings.inOrder());
    }
}
