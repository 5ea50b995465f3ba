package mesh.control.cli;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import mesh.v1.Config;

/** A whole configuration in a file. */
final class ConfigFile {

    private ConfigFile() {}

    /** @throws CommandFailure when it cannot be read, or with every problem in it */
    static Config read(Path file) {
        try {
            return json(file, Files.readString(file));
        } catch (IOException e) {
            throw new CommandFailure(file + ": cannot be read (" + e.getClass().getSimpleName() + ")");
        }
    }

    private static Config json(Path file, String text) {
        Config.Builder config = Config.newBuilder();
        try {
            JsonFormat.parser().merge(text, config);
        } catch (InvalidProtocolBufferException e) {
            throw new CommandFailure(file + ": " + e.getMessage());
        }
        return config.build();
    }
}
