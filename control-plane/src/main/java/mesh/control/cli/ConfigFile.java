package mesh.control.cli;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import io.vertx.core.json.EncodeException;
import io.vertx.core.json.jackson.JacksonCodec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import mesh.v1.Config;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/** A {@code mesh.v1.Config} in a file, as JSON or as the same in YAML. */
final class ConfigFile {

    private ConfigFile() {}

    /** A file's text, or that of standard input when its name is "-". */
    static FileText text(Path file) throws IOException {
        boolean piped = file.toString().equals("-");
        return new FileText(piped ? "standard input" : file.toString(),
            piped ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8) : Files.readString(file));
    }

    /** @throws CommandFailure when it is no configuration */
    static Config read(FileText file) {
        String text = file.text();
        String name = file.name();
        Config.Builder config = Config.newBuilder();
        try {
            JsonFormat.parser().merge(text.stripLeading().startsWith("{") ? text : json(text, name), config);
        } catch (InvalidProtocolBufferException e) {
            throw new CommandFailure(name + ": " + e.getMessage());
        }
        return config.build();
    }

    private static String json(String yaml, String name) {
        try {
            Object root = new Yaml(new SafeConstructor(new LoaderOptions())).load(yaml);
            if (root instanceof Map) {
                // What JSON has and nothing more: the codec that knows Java's objects would find a way for dates.
                return new JacksonCodec().toString(root, false);
            }
            throw new CommandFailure(name + ": no listeners, routes or clusters in it (expected: a mesh.v1.Config, as config get prints it)");
        } catch (MarkedYAMLException e) {
            throw new CommandFailure(name + ":" + (e.getProblemMark().getLine() + 1) + ":" + (e.getProblemMark().getColumn() + 1) + " "
                + e.getProblem());
        } catch (EncodeException | ClassCastException e) {
            // YAML takes 2026-01-01 for a date, and 1 for a number also where a name stands.
            throw new CommandFailure(name + ": a value that JSON does not have (expected: quotes around names that look like dates or numbers)");
        }
    }
}
