package mesh.control.cli;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import mesh.v1.Config;

/** A whole configuration in a file. */
final class ConfigFile {

    private ConfigFile() {}

    /**
     * A {@code mesh.v1.Config} as JSON.
     *
     * @throws CommandFailure when it is none
     */
    static Config read(Path file) throws IOException {
        boolean piped = file.toString().equals("-");
        String text = piped ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8) : Files.readString(file);
        Config.Builder config = Config.newBuilder();
        try {
            JsonFormat.parser().merge(text, config);
        } catch (InvalidProtocolBufferException e) {
            throw new CommandFailure((piped ? "standard input" : file) + ": " + e.getMessage());
        }
        return config.build();
    }
}
