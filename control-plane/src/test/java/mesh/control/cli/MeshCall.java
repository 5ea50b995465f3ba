package mesh.control.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.stream.Stream;

/** The {@code mesh} command in this process. */
final class MeshCall {

    private MeshCall() {}

    /** Its exit code; {@code --address} is added to the words. */
    static int to(String address, StringWriter out, StringWriter err, String... words) {
        String[] all = Stream.concat(Arrays.stream(words), Stream.of("--address", address)).toArray(String[]::new);
        return Shell.of(new MeshCommand()).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(all);
    }
}
