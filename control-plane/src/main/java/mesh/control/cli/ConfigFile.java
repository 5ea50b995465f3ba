package mesh.control.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import com.google.gson.JsonSerializer;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Date;
import java.util.Map;
import mesh.v1.Config;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/** A {@code mesh.v1.Config} in a file, as JSON or as the same in YAML. */
final class ConfigFile {

    /** What looks like a date is one in YAML, and was meant as a name. */
    private static final Gson GSON = new GsonBuilder().registerTypeHierarchyAdapter(Date.class, (JsonSerializer<Date>) (date, type, context) -> {
        throw new JsonParseException("a date, " + date.toInstant() + " (expected: text, in quotes when it looks like a date)");
    }).create();

    private ConfigFile() {}

    /**
     * Reads a file, or standard input when its name is "-".
     *
     * @throws CommandFailure when it is no configuration
     */
    static Config read(Path file) throws IOException {
        boolean piped = file.toString().equals("-");
        String text = piped ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8) : Files.readString(file);
        String name = piped ? "standard input" : file.toString();
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
            if (root instanceof Map<?, ?> map) {
                return GSON.toJson(map);
            }
            throw new CommandFailure(name + ": no listeners, routes or clusters in it (expected: a mesh.v1.Config, as config get prints it)");
        } catch (JsonParseException e) {
            throw new CommandFailure(name + ": " + e.getMessage());
        } catch (MarkedYAMLException e) {
            throw new CommandFailure(name + ":" + (e.getProblemMark().getLine() + 1) + ":" + (e.getProblemMark().getColumn() + 1) + " "
                + e.getProblem());
        }
    }
}
