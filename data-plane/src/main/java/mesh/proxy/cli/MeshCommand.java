package mesh.proxy.cli;

import picocli.CommandLine.Command;

/** The root command. A command without a subcommand shows its help, and that is a usage error. */
@Command(
    name = "mesh",
    description = "The service mesh's data plane: one sidecar beside one workload.",
    mixinStandardHelpOptions = true,
    version = MeshCommand.VERSION,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {ProxyCommand.class, AwaitCommand.class, KeygenCommand.class, ConfigValidateCommand.class, ExplainCommand.class, InterceptCommand.class})
public final class MeshCommand {

    static final String VERSION = "mesh 0.1.0";
}
