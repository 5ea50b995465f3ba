package mesh.control.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import mesh.v1.ApplyConfigRequest;
import mesh.v1.Change;
import mesh.v1.Config;
import mesh.v1.GetConfigRequest;
import mesh.v1.GetConfigResponse;
import mesh.v1.WriteResponse;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mesh config …}. */
@Command(
    name = "config",
    description = "Reads and replaces the configuration of the mesh.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {ConfigCommand.Get.class, ConfigCommand.Apply.class})
final class ConfigCommand {

    /** {@code mesh config get}: prints what {@code mesh config apply} takes. */
    @Command(
        name = "get",
        description = "Prints the current configuration as JSON, in the form that apply takes.",
        mixinStandardHelpOptions = true)
    static final class Get implements Runnable {

        @Mixin
        private Client client;

        @Spec
        private CommandSpec spec;

        @Override
        public void run() {
            GetConfigResponse response = client.call(admin -> admin.getConfig(GetConfigRequest.getDefaultInstance()));
            PrintWriter out = spec.commandLine().getOut();
            out.println(Output.json(response.getConfig()));
            spec.commandLine().getErr().println("config version " + response.getVersion());
        }
    }

    /** {@code mesh config apply}: all or nothing. */
    @Command(
        name = "apply",
        description = "Replaces the whole configuration by a file's. A bad one is refused with every problem, and changes nothing.",
        mixinStandardHelpOptions = true)
    static final class Apply implements Callable<Integer> {

        @Mixin
        private Client client;

        @Parameters(paramLabel = "FILE", description = "JSON, as config get prints it, or the same in YAML; - reads standard input")
        private Path file;

        @Option(names = "--expected-version", paramLabel = "N", defaultValue = "0",
            description = "refuse when the current version is another one; 0 applies to any")
        private long expectedVersion;

        @Option(names = "--dry-run", description = "only say what would be refused, and otherwise what would change")
        private boolean dryRun;

        @Spec
        private CommandSpec spec;

        @Override
        public Integer call() throws IOException {
            Config config = ConfigFile.read(file);
            WriteResponse response = client.call(admin -> admin.applyConfig(
                ApplyConfigRequest.newBuilder().setConfig(config).setExpectedVersion(expectedVersion).setDryRun(dryRun).build()));
            PrintWriter out = spec.commandLine().getOut();
            PrintWriter err = spec.commandLine().getErr();
            response.getWarningsList().forEach(warning -> err.println("warning: " + warning.getField() + ": " + warning.getDescription()));
            if (dryRun) {
                response.getChangesList().forEach(change -> out.println(line(change)));
                out.println(response.getChangesCount() == 0 ? "nothing would change: config version " + response.getVersion()
                    : "would become config version " + response.getVersion() + "; nothing was changed");
            } else {
                out.println("applied: config version " + response.getVersion());
            }
            return 0;
        }

        private static String line(Change change) {
            return change.getAction() + " " + change.getKind() + " " + change.getName()
                + (change.getCluster().isEmpty() ? "" : " of cluster " + change.getCluster());
        }
    }
}
