package mesh.control.cli;

import mesh.v1.RollbackConfigRequest;
import mesh.v1.WriteResponse;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
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

    @Mixin
    private WriteOptions options;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        WriteResponse response = client.call(admin -> admin.rollbackConfig(RollbackConfigRequest.newBuilder()
            .setVersion(version).setExpectedVersion(options.expectedVersion()).setDryRun(options.dryRun()).setMessage(options.message()).build()));
        options.tell(spec.commandLine(), response, "rolled back to version " + version);
    }
}
