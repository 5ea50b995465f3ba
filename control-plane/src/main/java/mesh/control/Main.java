package mesh.control;

import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.annotations.QuarkusMain;
import mesh.control.cli.MeshCommand;
import mesh.control.cli.Shell;
import mesh.process.ParentWatch;

/** Where the JVM begins. Only {@code control-plane start} boots Quarkus; every other command is done in a fraction of a second. */
@QuarkusMain
public final class Main {

    private Main() {}

    public static void main(String... args) {
        ParentWatch.begin();
        int code = Shell.of(new MeshCommand()).execute(args);
        // Dev mode runs main again after each edit, in the same JVM. The mode is known once Quarkus has run.
        if (LaunchMode.current() != LaunchMode.DEVELOPMENT) {
            System.exit(code);
        }
    }
}
