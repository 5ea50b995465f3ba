package mesh.control.cli;

import mesh.v1.RollbackConfigRequest;
import mesh.v1.WriteResponse;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mesh config rollback}. */
@Command(
    name = "rollback",
    description = "Puts an earlier version of the configuration back, as a new version.",
    mixinStandardHelpOptions = true)
final class RollbackCommand implements Runnable {

    @Mixin
    private Client client;

    @Parameters(paramLabel = "VERSION", description = "as mesh config history shows it")
    private long version;

    @Option(names = "--expected-version", paramLabel = "N", defaultValue = "0",
        description = "refuse when the current version is another one; 0 replaces any")
    private long expectedVersion;

    @Option(names = "--dry-run", description = "only say what would change")
    private boolean dryRun;

    @Option(names = {"-m", "--message"}, paramLabel = "TEXT", defaultValue = "", description = "what for, to be read in the history")
    private String message;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        WriteResponse response = client.call(admin -> admin.rollbackConfig(RollbackConfigRequest.newBuilder()
            .setVersion(version).setExpectedVersion(expectedVersion).setDryRun(dryRun).setMessage(message).build()));
        Written.tell(spec.commandLine(), response, dryRun, "rolled back to version " + version);
    }
}
