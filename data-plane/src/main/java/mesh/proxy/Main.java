package mesh.proxy;

import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.annotations.QuarkusMain;
import mesh.process.ParentWatch;
import mesh.proxy.cli.MeshCommand;
import mesh.proxy.cli.Shell;

/** Where the JVM begins. Only {@code proxy start} boots Quarkus; every other command is done in a fraction of a second. */
@QuarkusMain
public final class Main {

    private Main() {}

    public static void main(String... args) {
        ParentWatch.begin();
        int code = Shell.of(new MeshCommand()).execute(args);
        // Dev mode runs main again after each edit, in the same JVM.
        if (LaunchMode.current() != LaunchMode.DEVELOPMENT) {
            System.exit(code);
        }
    }
}
